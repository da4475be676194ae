"""What is written into a flash: bitstream and weights in one."""

from __future__ import annotations

import pytest

from toolchain.board import FlashMemory, Pin
from toolchain.errors import BuildError
from toolchain.fpga.flash_image import flash_file, flash_image

PIN = Pin(pin="1")
MEMORY = FlashMemory(mbyte=1, offset=0x10000, select=PIN, clock=PIN, to_flash=PIN, from_flash=PIN)


def test_weights_lie_at_their_offset_and_what_is_between_is_erased() -> None:
    image = flash_image(b"bits", b"weights", MEMORY)
    assert (image[:4], image[0x10000:]) == (b"bits", b"weights")
    assert set(image[4:0x10000]) == {0xFF}
    assert flash_file("icebreaker-a.b.bin") == "icebreaker-a.b-flash.bin"


def test_a_bitstream_that_reaches_the_weights_is_refused() -> None:
    flash_image(bytes(0x10000), b"weights", MEMORY)
    with pytest.raises(BuildError, match=r"offset: 0x10000: should be 0x10001 or more"):
        flash_image(bytes(0x10001), b"weights", MEMORY)


def test_a_flash_that_is_too_small_is_refused() -> None:
    with pytest.raises(BuildError, match=r"mbyte: 1: bitstream and weights take 1,048,577 bytes"):
        flash_image(b"bits", bytes(0xF0001), MEMORY)
