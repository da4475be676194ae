"""Images for boot ROMs, by their published forms."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.microcontroller.image import boot_crc, esp, uf2, with_boot_crc

_IMAGE = Path(__file__).parents[4] / "toolchain" / "microcontroller" / "image.py"


def test_uf2_blocks_tell_address_family_and_number() -> None:
    data = bytes(range(256)) + b"rest"
    blocks = uf2(data, 0x1000_0000, 0xE48B_FF56)
    assert len(blocks) == 2 * 512
    for number in range(2):
        block = blocks[512 * number :][:512]
        words = struct.unpack("<8I", block[:32])
        assert words[:2] == (0x0A32_4655, 0x9E5D_5157) and struct.unpack("<I", block[508:])[0] == 0x0AB1_6F30
        assert words[2:] == (0x2000, 0x1000_0000 + 256 * number, 256, number, 2, 0xE48B_FF56)
        assert block[32:288] == (data + bytes(252))[256 * number :][:256] and not any(block[288:508])


def test_the_second_stage_gets_its_crc() -> None:
    # CRC-32/MPEG-2, whose check value is published.
    assert boot_crc(b"123456789") == 0x0376_E6E7
    data = bytes(range(252)) + bytes(4) + b"program"
    made = with_boot_crc(data)
    assert made[:252] == data[:252] and made[256:] == data[256:]
    assert struct.unpack("<I", made[252:256])[0] == boot_crc(data[:252])
    with pytest.raises(ValueError, match="longer than 252 bytes"):
        with_boot_crc(bytes(253) + b"x" * 3)


def test_the_program_writes_what_the_functions_make(tmp_path: Path) -> None:
    source, target = tmp_path / "firmware.bin", tmp_path / "firmware.uf2"
    source.write_bytes(bytes(range(252)) + bytes(4) + b"more")
    words = ["uf2", "0xe48bff56", "0x10000000", str(source), str(target), "boot"]
    subprocess.run([sys.executable, str(_IMAGE), *words], check=True)
    assert target.read_bytes() == uf2(with_boot_crc(source.read_bytes()), 0x1000_0000, 0xE48B_FF56)


def test_an_esp_image_holds_every_segment_a_checksum_and_a_hash() -> None:
    content = [(0x3FC8_0000, b"tables"), (0x403B_C000, b"code")]
    made = esp(_elf(0x403B_C000, content))
    assert made[:4] == bytes([0xE9, 2, 2, 0x20]) and struct.unpack("<I", made[4:8])[0] == 0x403B_C000
    # No pin for write protection, chip 5 (ESP32-C3), a hash.
    assert (made[8], struct.unpack("<H", made[12:14])[0], made[23]) == (0xEE, 5, 1)
    at, checksum = 24, 0xEF
    for address, data in content:
        padded = data + bytes(-len(data) % 4)
        assert struct.unpack("<II", made[at : at + 8]) == (address, len(padded))
        assert made[at + 8 : at + 8 + len(padded)] == padded
        at += 8 + len(padded)
        for byte in padded:
            checksum ^= byte
    body, told = made[:-32], made[-32:]
    assert len(body) % 16 == 0 and len(body) - at <= 16 and body[-1] == checksum
    assert told == hashlib.sha256(body).digest()


def _elf(entry: int, content: list[tuple[int, bytes]]) -> bytes:
    """A 32-bit ELF file that loads this, and another segment that loads nothing."""
    at = 52 + 32 * (len(content) + 1)
    headers, data = struct.pack("<8I", 1, 0, 0x9000, 0, 0, 64, 6, 4), b""
    for address, piece in content:
        headers += struct.pack("<8I", 1, at + len(data), address, address, len(piece), len(piece), 5, 4)
        data += piece
    head = (
        b"\x7fELF\x01\x01\x01"
        + bytes(9)
        + struct.pack("<HHIIIIIHHHHHH", 2, 243, 1, entry, 52, 0, 0, 52, 32, 3, 0, 0, 0)
    )
    return head + headers + data
