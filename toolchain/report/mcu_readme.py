"""`README.md` of a microcontroller's package: what it takes, how it is loaded, how it is asked."""

from __future__ import annotations

from toolchain.board import McuBoard
from toolchain.microcontroller.cores import CORES
from toolchain.results.facts.mcu import MemoryUse
from toolchain.results.manifest import Manifest

_LOADING = {
    "bin": "`firmware/firmware.bin` goes to the start of the flash. With Debian's `openocd`:",
    "uf2": "Hold BOOTSEL while you plug the board in, and copy `firmware/firmware.uf2` onto the drive that appears.",
    "esp": "`firmware/firmware.esp` goes to the start of the flash. By `esptool` of PyPI:",
}


def readme(board: McuBoard, manifest: Manifest) -> str:
    """The package's README.

    Args:
        manifest: with `memory` and `emulated`.
    """
    memory, counted = manifest.memory, manifest.emulated
    assert memory and counted
    core = CORES[board.chip.core]
    return f"""# {manifest.model} for {board.title}

{_LOADING[board.chip.image]}

{_command(board)}

**No {board.title} has run this yet.** The same C was run as {board.chip.core} code on an emulated processor
({counted.machine}), where every answer was compared with the integer graph. Start-up of the board itself (clock, UART)
is written from the chip's manuals.

`driver.py` asks the board over its serial port at {board.host_link.baud} baud (Python 3.8 or newer on Linux, nothing
to install); `self_test.py` checks it against the golden vectors. PORT is that port, such as /dev/ttyACM0 of a board
with a USB serial port of its own, or /dev/ttyUSB0 of an adaptor:

    python3 driver.py --port PORT identify
    python3 driver.py --port PORT infer 10
    python3 driver.py --port PORT bench 1000
    python3 self_test.py --port PORT

Cycles of `infer` and `bench` are those of the processor's clock, {board.chip.mhz} MHz, in `model_run` alone.

## Memory

{_memory("flash", memory.flash)}

{_memory("RAM", memory.ram)}

An inference takes {counted.instructions:,} instructions (`emulated`, the mean of {counted.inferences}; no time follows
from that).

## Sources

`make` in `firmware/` makes the program again (Debian: `{core.package}`): `model.c` is the network, `host_link.c` the
host link, `board.c` the board. `make emulated.elf` makes the one for the emulator.

| file | what |
|---|---|
| `MODEL.md` | the network, its data and its accuracy |
| `firmware/` | program and sources |
| `driver.py`, `self_test.py`, `lib/` | ask the board, check it against the golden vectors |
| `protocol.py` | the host link in Python 3.8, standard library only |
| `vectors.bin`, `answers.bin`, `vectors.json` | golden vectors and the answers every stage gave |
| `integer.onnx` | the integer network; Netron opens it |
| `manifest.json` | SHA-256 of every file, tools, seeds, revision, verification, memory |
"""


def _command(board: McuBoard) -> str:
    if board.chip.image == "bin":
        return (
            "    openocd -f board/st_nucleo_f4.cfg "
            f'-c "program firmware/firmware.bin verify reset exit {board.chip.flash.start:#010x}"'
        )
    if board.chip.image == "esp":
        return "    esptool.py --chip esp32c3 write_flash --flash_mode keep 0x0 firmware/firmware.esp"
    return "It starts at once."


def _memory(name: str, use: MemoryUse) -> str:
    rows = "\n".join(f"| {what} | {size:,} |" for what, size in use.parts.items())
    return f"| {name} | bytes |\n|---|---|\n{rows}\n| all, of {use.of:,} | {use.used:,} |"
