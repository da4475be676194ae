"""What is written into the flash of a board whose design loads weights: the bitstream, and the weights behind it."""

from __future__ import annotations

from toolchain.board import FlashMemory
from toolchain.errors import BuildError

_ERASED = b"\xff"


def flash_file(bitstream: str) -> str:
    """The name of the file, beside that of the bitstream."""
    stem, _, suffix = bitstream.rpartition(".")
    return f"{stem}-flash.{suffix}"


def flash_image(bitstream: bytes, weights: bytes, memory: FlashMemory) -> bytes:
    """Both in one, from the flash's first byte on.

    Raises:
        BuildError: the bitstream reaches the weights, or the flash is too small.
    """
    where = "boards/<board>/board.yaml: flash.memory"
    if len(bitstream) > memory.offset:
        raise BuildError(f"{where}.offset: {memory.offset:#x}: should be {len(bitstream):#x} or more")
    image = bitstream.ljust(memory.offset, _ERASED) + weights
    if len(image) > memory.mbyte << 20:
        raise BuildError(f"{where}.mbyte: {memory.mbyte}: bitstream and weights take {len(image):,} bytes")
    return image
