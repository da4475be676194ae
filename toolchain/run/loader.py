"""Loading open boards: one cable, the right FPGA behind it, and only then the bitstream; by openFPGALoader."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.board import OpenBoard
from toolchain.errors import ConfigError, ToolError
from toolchain.fpga import family_of

PROGRAM = "openFPGALoader"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PROBE = re.compile(r"^(\d+)\s+(\d+)\s+0x([0-9a-fA-F]{4}):0x([0-9a-fA-F]{4})\s+(.*)$")
_SECONDS = 60.0
_FLASH_SECONDS = 600.0


@dataclass(frozen=True)
class Cable:
    """A programming cable as `--scan-usb` lists it.

    Attributes:
        place: bus and device, such as "1:4".
        usb: vendor and product, such as "0403:6015".
        text: probe type, manufacturer, serial number and product.
    """

    place: str
    usb: str
    text: str


def load(board: OpenBoard, bitstream: Path, keep: bool, cable: str | None = None) -> str:
    """Check cable and FPGA, then load.

    Args:
        keep: into the board's flash memory, so that it is still there after power-off.
        cable: bus and device of the one to take where there are several, such as "1:4".

    Returns:
        What was found and done, for people.

    Raises:
        ToolError: the loader is missing or fails, no cable is there, or another FPGA is behind it.
        ConfigError: there are several cables and none was chosen, or another one was.
    """
    chosen = choose_cable(scan(), cable)
    # A cable at a place is named to the loader only where there is a choice: not all kinds can be told so.
    words = ["--board", board.flash.board, *(["--busdev-num", chosen.place] if cable else [])]
    found = _must_be_the_board(board, words)
    _call([*words, *(["--write-flash"] if keep else []), str(bitstream)], _FLASH_SECONDS)
    where = "flash memory; it stays after power-off" if keep else "the FPGA; it is gone after power-off"
    return f"{board.title} by cable {chosen.usb} at {chosen.place}, {found}: loaded into {where}"


def scan() -> list[Cable]:
    """The cables that are connected.

    Raises:
        ToolError: the loader is missing or fails, or a cable may not be used.
    """
    text = _call(["--scan-usb"], _SECONDS)
    if "can't open device" in text and not _cables(text):
        raise ToolError("a programming cable is connected but may not be used; install openFPGALoader's udev rules "
                        "(99-openfpgaloader.rules), join group plugdev, and plug the board in again")  # fmt: skip
    return _cables(text)


def choose_cable(cables: Sequence[Cable], wanted: str | None) -> Cable:
    """The one cable, or the chosen one.

    Raises:
        ToolError: none is there.
        ConfigError: there are several and none was chosen, or another one was.
    """
    if not cables:
        raise ToolError("no programming cable is connected; connect the board's USB port by a cable that carries data")
    listed = ", ".join(f"{cable.place} ({cable.usb} {cable.text})" for cable in cables)
    if wanted is None:
        if len(cables) > 1:
            count = len(cables)
            raise ConfigError(f"{count} programming cables are connected: {listed}; choose with --cable BUS:DEVICE")
        return cables[0]
    for cable in cables:
        if cable.place == wanted:
            return cable
    raise ConfigError(f"--cable {wanted}: should be one of: {listed}")


def _cables(text: str) -> list[Cable]:
    rows = filter(None, (_PROBE.match(line.strip()) for line in text.splitlines()))
    return [
        Cable(f"{int(row[1])}:{int(row[2])}", f"{row[3]}:{row[4]}".lower(), " ".join(row[5].split())) for row in rows
    ]


def _must_be_the_board(board: OpenBoard, words: Sequence[str]) -> str:
    """What was found, for people; refuses another FPGA."""
    if not family_of(board.fpga).answers_jtag:
        return f"{board.fpga.part} not checked (it cannot be asked)"
    text = _call([*words, "--detect"], _SECONDS)
    model, code = re.search(r"^\s*model\s+(\S+)", text, re.MULTILINE), re.search(r"idcode\s+(0x[0-9a-fA-F]+)", text)
    if model is None:
        raise ToolError(f"no FPGA answers behind the cable; is {board.title} powered?")
    if not _is(board, model[1]):
        raise ToolError(
            f"the FPGA behind the cable is {model[1]}{f' ({code[1]})' if code else ''}, the package is for "
            f"{board.fpga.part} on {board.title}; connect that board, or build for this one"
        )
    return model[1]


def _is(board: OpenBoard, model: str) -> bool:
    """The loader names a die ("LFE5U-85", "GW1N(R)-9C"), the board a part or a device of its own tools."""
    plain = model.replace("(R)", "")
    return board.fpga.part.startswith(plain) or board.fpga.device == plain


def _call(arguments: Sequence[str], seconds: float) -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise ToolError(f"{PROGRAM} is not on the PATH; install Debian's package openfpgaloader")
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{PROGRAM} does not end; unplug the board, plug it in again, and repeat") from None
    text = _COLOUR.sub("", done.stdout + done.stderr)
    if done.returncode:
        raise ToolError(f"{PROGRAM} ended with status {done.returncode}: {_last_line(text)}; is the board connected, "
                        f"may you use its USB port?")  # fmt: skip
    return text


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "ail" in line]
    return (telling or lines or ["it said nothing"])[-1]
