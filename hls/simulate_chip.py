"""The whole chip in Verilator, spoken to as a host does: through its UART pins and nothing else."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hls.loading import CHIP, START_CLOCKS
from hls.verilate import build_model
from toolchain.device.link.protocol import BREAK_BITS
from toolchain.errors import ToolError

_HARNESS = Path(__file__).parent / "harness" / "chip.cpp"

# A reply is over when the line has been idle for this many bit times; it has no gaps itself.
_IDLE_BITS = 20

# A chip that sends nothing for this many clock cycles after a request is not going to.
REPLY_CYCLES = 2_000_000


@dataclass
class Script:
    """Events on the line to the chip, in order, times in bits. Each method returns the script."""

    steps: list[tuple[str, bytes | float, int]] = field(default_factory=list)

    def send(self, data: bytes) -> Script:
        """Send bytes without gaps."""
        return self._add("S", data)

    def send_without_stop(self, data: bytes) -> Script:
        """Send bytes whose stop bit is low."""
        return self._add("B", data)

    def pause(self, bits: float) -> Script:
        """Leave the line idle."""
        return self._add("P", bits)

    def low(self, bits: float) -> Script:
        """Hold the line low: a glitch or a break."""
        return self._add("L", bits)

    def listen(self, *, reply_cycles: int = REPLY_CYCLES, idle_bits: float = _IDLE_BITS) -> Script:
        """Wait `reply_cycles` clock cycles at most for a byte to begin, then until the line is idle.

        Bytes that came while sending belong to the reply too. Where several replies are awaited at
        once, `idle_bits` must be longer than the pauses between them.
        """
        return self._add("R", idle_bits, reply_cycles)

    def _add(self, verb: str, value: bytes | float, cycles: int = 0) -> Script:
        if verb not in "SB" or value:
            self.steps.append((verb, value, cycles))
        return self


@dataclass(frozen=True)
class Playback:
    """What came of a script.

    Attributes:
        replies: for each `listen`, the bytes that the chip had sent since the one before.
        cycles: simulated clock cycles.
        seconds: what they took.
    """

    replies: list[bytes]
    cycles: int
    seconds: float


class ChipSimulator:
    """A Verilated `chip`, from RTL or from a netlist with the same ports.

    Every playback starts from configuration: counters are zero, nothing is left from before.
    """

    def __init__(
        self,
        sources: Sequence[Path],
        work_dir: Path,
        *,
        clock_hz: int,
        baud: float,
        extra_flags: Iterable[str] = (),
        top: str = CHIP,
        start_clocks: int = START_CLOCKS,
        optimise: bool = True,
    ) -> None:
        """Build the model (once per `work_dir` and content of the sources).

        Args:
            sources: all Verilog files; their folder also holds what they read by ``$readmemh``.
            work_dir: folder of the Verilator build.
            clock_hz: frequency of the chip's clock.
            baud: bits per second of the host; a little off the chip's to test its tolerance.
            extra_flags: further Verilator options, such as ``-Wno-...`` or ``+define+...``.
            top: the module with the chip's ports.
            start_clocks: between configuration and the first request, longer than the chip takes until it answers.
            optimise: compile for speed; without it short scripts are done sooner.

        Raises:
            ToolError: Verilator or the compiler is missing or failed.
        """
        self._clock_hz = clock_hz
        self._baud = baud
        self._folder = Path(sources[0]).resolve().parent
        self._start = start_clocks
        self._program = build_model(sources, top, _HARNESS, work_dir, flags=extra_flags, optimise=optimise)

    def exchange(self, requests: Sequence[bytes], *, reply_cycles: int = REPLY_CYCLES) -> list[bytes]:
        """Raw bytes that the chip sent after each request; the next one waits for them.

        Args:
            requests: frames, or any bytes.
            reply_cycles: clock cycles to wait for the first byte of a reply: more than the longest
                bench runs.
        """
        script = Script()
        for request in requests:
            script.send(request).listen(reply_cycles=reply_cycles)
        return self.play(script).replies

    def play(self, script: Script) -> Playback:
        """Play a script to a freshly configured chip.

        Raises:
            ToolError: the simulation failed, or the chip sent a byte without a stop bit.
        """
        begin = time.monotonic()
        result = subprocess.run(
            self._command,
            input=self._text(script),
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ToolError(f"chip simulation failed (exit {result.returncode}): {result.stderr.strip()[-400:]}")
        *lines, last = result.stdout.split("\n")[:-1]
        replies = [bytes.fromhex(line.strip("-")) for line in lines]
        return Playback(replies, int(last.split()[1]), time.monotonic() - begin)

    def port(self, name: str = "simulated chip") -> SimulatedPort:
        """A line to a freshly configured chip for a driver, in simulated time; `close` it."""
        return SimulatedPort(self._command, self._folder, self._clock_hz, self._baud, name, self._start)

    @property
    def _command(self) -> list[str]:
        return [str(self._program), str(self._clock_hz), str(self._baud)]

    def _text(self, script: Script) -> str:
        lines = [f"P {self._start}"]
        for verb, value, cycles in script.steps:
            if isinstance(value, bytes):
                lines.append(f"{verb} {value.hex()}")
            elif verb == "R":
                lines.append(f"R {cycles} {self._cycles(value)}")
            else:
                lines.append(f"{verb} {self._cycles(value)}")
        return "\n".join(lines) + "\n"

    def _cycles(self, bits: float) -> int:
        return round(bits * self._clock_hz / self._baud)


class SimulatedPort:
    """A chip's line as `toolchain.device.link.serial_link.Port`: all its times are those of the chip's clock."""

    def __init__(
        self, command: Sequence[str], folder: Path, clock_hz: int, baud: float, name: str, start_clocks: int
    ) -> None:
        self.name, self.baud = name, int(baud)
        self._clock_hz, self._bit = clock_hz, clock_hz / baud
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._say(f"P {start_clocks}")

    def write(self, data: bytes) -> None:
        """Send bytes without gaps."""
        self._say(f"S {data.hex()}")

    def read(self, seconds: float) -> bytes:
        """What the chip has sent; waits so long for a first byte.

        Raises:
            ToolError: the simulation failed.
        """
        self._say(f"R {round(seconds * self._clock_hz)} {round(_IDLE_BITS * self._bit)}")
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._failed()
        return bytes.fromhex(line.strip("-\n"))

    def send_break(self) -> None:
        """Hold the line low for long enough, and leave it idle for as long."""
        bits = round(2 * BREAK_BITS * self._bit)
        self._say(f"L {bits}")
        self._say(f"P {bits}")

    def close(self) -> None:
        """End the simulation."""
        self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None

    def _failed(self) -> ToolError:
        _, said = self._process.communicate()
        return ToolError(f"chip simulation failed (exit {self._process.returncode}): {said.strip()[-400:]}")
