"""A virtual board: the Verilated chip behind a pseudo-terminal, which a driver cannot tell from a serial port.

`python -m hls.virtual_board` is the same as a program, for those that may not import `hls`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tty
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType

from hls.chip import TIMEOUT_US
from hls.loading import CHIP, START_CLOCKS
from hls.verilate import build_model
from toolchain.errors import ConfigError, GateweaveError, ToolError
from toolchain.results.core import read_chip

_HARNESS = Path(__file__).parent / "harness" / "virtual_board.cpp"
_GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Faults:
    """What goes wrong on the line and in the board.

    Attributes:
        bits: probability of an error, for each bit of a byte, both ways.
        lost: probability that a byte is lost, both ways.
        doubled: probability that a byte comes twice, both ways.
        reset: probability, for each byte from the host, that the chip is configured anew before it.
        silent_after: bytes from the host after which the board says nothing more; -1: never.
        seed: of the random numbers.
    """

    bits: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    reset: float = 0.0
    silent_after: int = -1
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("bits", "lost", "doubled", "reset"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"faults: {name}={getattr(self, name)}: should be a probability, 0 to 1")


def parse_faults(text: str) -> Faults:
    """Faults from a text such as ``"bits=1e-4,lost=1e-5,seed=3"``; an empty one has none.

    Raises:
        ConfigError: an unknown name, or a value that is no number.
    """
    kinds = {field.name: field.type for field in fields(Faults)}
    values: dict[str, float | int] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in kinds:
            raise ConfigError(f"faults: '{name}' is none; use {', '.join(kinds)}, such as bits=1e-4,lost=1e-5")
        try:
            values[name] = int(value) if kinds[name] == "int" else float(value)
        except ValueError:
            raise ConfigError(f"faults: {name}={value}: should be a number") from None
    return Faults(**values)  # type: ignore[arg-type]


class VirtualBoard:
    """A running virtual board. Use it in a `with`, or call `close`.

    Args:
        sources: all Verilog files of the chip; their folder also holds what they read by ``$readmemh``.
        work_dir: folder of the Verilator build, which is made once.
        clock_hz: frequency of the chip's clock; baud: of its host link.
        timeout_us: the chip's time-out inside a frame.
        top, start_clocks: as `hls.simulate_chip.ChipSimulator`.

    Attributes:
        port: the pseudo-terminal to open.
        done: after `close`: how many bits were flipped, bytes lost, and so on.

    Raises:
        ToolError: Verilator or the compiler is missing or failed.
    """

    def __init__(
        self,
        sources: Sequence[Path],
        work_dir: Path,
        *,
        clock_hz: int,
        baud: int,
        timeout_us: int = TIMEOUT_US,
        faults: Faults | None = None,
        top: str = CHIP,
        start_clocks: int = START_CLOCKS,
    ) -> None:
        program = build_model(sources, top, _HARNESS, work_dir)
        chosen = faults or Faults()
        self.done: dict[str, int] = {}
        # Held open for the board's life, so that a host that closes its end does not end the line.
        master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        rates = [chosen.seed, chosen.bits, chosen.lost, chosen.doubled, chosen.reset, chosen.silent_after]
        command = [str(program), *map(str, [master, clock_hz, baud, timeout_us, *rates, start_clocks])]
        self._process = subprocess.Popen(
            command,
            cwd=Path(sources[0]).resolve().parent,
            pass_fds=[master],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        os.close(master)

    def close(self) -> None:
        """Switch the board off.

        Raises:
            ToolError: its simulation had failed.
        """
        if self._slave < 0:
            return
        os.close(self._slave)
        self._slave = -1
        try:
            told, _ = self._process.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return
        if self._process.returncode != 0:
            raise ToolError(f"virtual board: its simulation ended with status {self._process.returncode}")
        self.done = json.loads(told)

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def main(arguments: Sequence[str]) -> int:
    """Run a virtual board until standard input ends; prints its port first, and what it did last."""
    parser = argparse.ArgumentParser(prog="hls.virtual_board", description=__doc__)
    parser.add_argument("generated", type=Path, help="folder of the generate stage: chip.json and rtl/")
    parser.add_argument("--work", type=Path, required=True, help="folder of the compiled simulator")
    parser.add_argument("--baud", type=int, required=True)
    parser.add_argument("--faults", default="", help="such as bits=1e-4,lost=1e-5,doubled=1e-5,reset=1e-4,seed=2")
    options = parser.parse_args(arguments)
    try:
        faults = parse_faults(options.faults)
        chip = read_chip(options.generated)
        with VirtualBoard(
            [options.generated / "rtl" / name for name in (*chip.sources, *chip.models)],
            options.work,
            clock_hz=chip.clock_hz,
            baud=options.baud,
            faults=faults,
            top=chip.simulated,
            start_clocks=chip.start_clocks,
        ) as board:
            print(board.port, flush=True)
            sys.stdin.read()
    except GateweaveError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(board.done), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
