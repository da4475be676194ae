#!/usr/bin/env python3
"""Makes of a program's bytes what a board's boot ROM takes. Python 3.8, standard library only.

python3 image.py esp firmware.elf firmware.esp
python3 image.py uf2 FAMILY ADDRESS firmware.bin firmware.uf2 [boot]

UF2 is described at github.com/microsoft/uf2. With `boot`, the first 252 bytes are RP2040's second stage, whose CRC the
next four get (RP2040 data sheet, boot stage 2). The form of `esp` is described in the documentation of esptool,
"Firmware Image Format".
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Sequence

_BOOT_BYTES, _BLOCK_BYTES = 252, 256
_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_FAMILY_IS_TOLD = 0x2000
# ESP images: what each begins with, the start of its checksum, the chip, and flash: two data lines, 4 MiB, 40 MHz.
_ESP_MAGIC, _ESP_START, _ESP32C3, _DIO, _FLASH = 0xE9, 0xEF, 5, 2, 0x20
_LOADED = 1


def uf2(data: bytes, address: int, family: int) -> bytes:
    """UF2 blocks of a program that lies at an address."""
    data += bytes(-len(data) % _BLOCK_BYTES)
    count = len(data) // _BLOCK_BYTES
    return b"".join(_block(data, address, family, number, count) for number in range(count))


def _block(data: bytes, address: int, family: int, number: int, count: int) -> bytes:
    at = number * _BLOCK_BYTES
    head = (*_MAGIC[:2], _FAMILY_IS_TOLD, address + at, _BLOCK_BYTES, number, count, family)
    return struct.pack("<8I476sI", *head, data[at : at + _BLOCK_BYTES], _MAGIC[2])


def with_boot_crc(data: bytes) -> bytes:
    """The same with the CRC of RP2040's second stage.

    Raises:
        ValueError: the second stage is too long.
    """
    if any(data[_BOOT_BYTES : _BOOT_BYTES + 4]):
        raise ValueError("the second stage is longer than 252 bytes")
    crc = boot_crc(data[:_BOOT_BYTES])
    return data[:_BOOT_BYTES] + struct.pack("<I", crc) + data[_BOOT_BYTES + 4 :]


def boot_crc(data: bytes) -> int:
    """CRC-32 with the polynomial 04C11DB7, highest bit first, from FFFFFFFF on, not inverted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc


def esp(elf: bytes) -> bytes:
    """An image of all that an ELF file loads, which the boot ROM of an ESP32-C3 loads."""
    entry, segments = _segments(elf)
    head = struct.pack("<4BI", _ESP_MAGIC, len(segments), _DIO, _FLASH, entry)
    # No pin protects the flash, pins as they are, any revision of the chip; a hash stands at the end.
    head += struct.pack("<4BHBHH4xB", 0xEE, 0, 0, 0, _ESP32C3, 0, 0, 0xFFFF, 1)
    checksum = _ESP_START
    for address, data in segments:
        head += struct.pack("<II", address, len(data)) + data
        for byte in data:
            checksum ^= byte
    head += bytes(15 - len(head) % 16) + bytes([checksum])
    return head + hashlib.sha256(head).digest()


def _segments(elf: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """Entry of a 32-bit ELF file, and address and content of what it loads, in words."""
    entry, table = struct.unpack_from("<II", elf, 24)
    size, count = struct.unpack_from("<HH", elf, 42)
    found = []
    for number in range(count):
        kind, offset, address, _, length = struct.unpack_from("<5I", elf, table + number * size)
        if kind == _LOADED and length:
            data = elf[offset : offset + length]
            found.append((address, data + bytes(-len(data) % 4)))
    return entry, found


def main(arguments: Sequence[str]) -> None:
    """Write the image."""
    if arguments[0] == "esp":
        with open(arguments[1], "rb") as file:
            data = file.read()
        with open(arguments[2], "wb") as file:
            file.write(esp(data))
        return
    _, family, address, source, target, *options = arguments
    with open(source, "rb") as file:
        data = file.read()
    if "boot" in options:
        data = with_boot_crc(data)
    with open(target, "wb") as file:
        file.write(uf2(data, int(address, 0), int(family, 0)))


if __name__ == "__main__":
    main(sys.argv[1:])
