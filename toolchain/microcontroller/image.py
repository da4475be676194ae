#!/usr/bin/env python3
"""Makes of a program's bytes what a board's boot ROM takes. Python 3.8, standard library only.

python3 image.py uf2 FAMILY ADDRESS firmware.bin firmware.uf2 [boot]

UF2 is described at github.com/microsoft/uf2. With `boot`, the first 252 bytes are RP2040's second stage, whose CRC the
next four get (RP2040 data sheet, 2.8.1.3.1).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence

_BOOT_BYTES, _BLOCK_BYTES = 252, 256
_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_FAMILY_IS_TOLD = 0x2000


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


def main(arguments: Sequence[str]) -> None:
    """Write the image."""
    _, family, address, source, target, *options = arguments
    with open(source, "rb") as file:
        data = file.read()
    if "boot" in options:
        data = with_boot_crc(data)
    with open(target, "wb") as file:
        file.write(uf2(data, int(address, 0), int(family, 0)))


if __name__ == "__main__":
    main(sys.argv[1:])
