"""Facts of the stages that make and prove a microcontroller's program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.facts.base import Facts
from toolchain.results.facts.hardware import Identity
from toolchain.results.model import Number, Record


class MemoryUse(Record):
    """Bytes in use, of so many, and by what they are for."""

    used: int
    of: int
    parts: Mapping[str, int]


class Sizes(Record):
    """What a linked program takes."""

    flash: MemoryUse
    ram: MemoryUse


class CompileFacts(Facts):
    """The board's program.

    Attributes:
        sizes: as the linker laid it out.
        images: files for a programmer, by what they are.
    """

    form: Literal["compile"] = "compile"
    identity: Identity
    sizes: Sizes
    images: Mapping[str, str]


class EmulateFacts(Facts):
    """The program on an emulated processor: instructions, never time.

    Attributes:
        machine: of qemu, with its version.
        instructions: of one inference, the mean of a bench of `inferences`.
        step: instructions that the emulator's counter goes by.
        stack: bytes of it in use at the deepest; None in packages made before it was measured.
    """

    form: Literal["emulate"] = "emulate"
    kind: Literal["emulated"] = "emulated"
    machine: str
    instructions: Number
    inferences: int
    step: Number
    stack: int | None = None


class McuPackageFacts(Facts):
    """What a person loads onto the board."""

    form: Literal["mcu package"] = "mcu package"
    program: str
