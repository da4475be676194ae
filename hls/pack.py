"""Packed vectors, the one layout of bits on wires and in files, and the hex files of ROMs.

Element 0 lies in the least significant bits; a vector is padded with zero bits to whole bytes, byte 0 first.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import ModelError
from toolchain.graph.types import IntType

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]


def encode(values: NDArray[np.generic], type_name: str) -> Integers:
    """Wire codes (unsigned) of values of a qonnx DataType, same shape.

    BIPOLAR becomes 0 and 1, signed types two's complement.

    Raises:
        ModelError: a value lies outside the type.
    """
    integers = np.asarray(values, dtype=np.int64)
    low, high = IntType.of(type_name).ends
    outside = (integers < low) | (integers > high)
    if outside.any():
        value = int(integers[outside][0])
        raise ModelError(f"value {value} is outside {type_name} ({low} to {high}); check the data")
    if type_name == "BIPOLAR":
        return (integers + 1) // 2
    return integers & ((1 << IntType.of(type_name).bits) - 1)


def pack(codes: NDArray[np.generic], bits: int) -> Bytes:
    """Packed vectors, shape (vectors, bytes), of wire codes of shape (vectors, elements)."""
    unsigned = np.asarray(codes).astype(np.uint64)
    shifts = np.arange(bits, dtype=np.uint64)
    planes = ((unsigned[:, :, None] >> shifts) & np.uint64(1)).astype(np.uint8)
    return np.packbits(planes.reshape(len(unsigned), -1), axis=1, bitorder="little")


def unpack(packed: Bytes, bits: int, elements: int) -> Integers:
    """Wire codes, shape (vectors, elements), of packed vectors of shape (vectors, bytes)."""
    flat = np.unpackbits(packed, axis=1, count=bits * elements, bitorder="little")
    planes = flat.reshape(len(packed), elements, bits).astype(np.int64)
    return planes @ (np.int64(1) << np.arange(bits, dtype=np.int64))


def pack_inputs(x: NDArray[np.generic], type_name: str) -> Bytes:
    """Packed vectors, shape (vectors, bytes), of network inputs of shape (vectors, inputs)."""
    return pack(encode(x, type_name), IntType.of(type_name).bits)


def answers_as_bytes(answers: NDArray[np.generic], layout: AnswerLayout) -> bytes:
    """Whole answers, shape (vectors, elements), one after the other as `layout` lays them.

    Raises:
        ModelError: a value does not fit.
    """
    integers = np.ascontiguousarray(np.asarray(answers).reshape(-1, layout.elements), dtype="<i8")
    low = -(1 << (8 * layout.element_bytes - 1)) if layout.signed else 0
    outside = (integers < low) | (integers > low + (1 << 8 * layout.element_bytes) - 1)
    if outside.any():
        raise ModelError(f"answer {integers[outside][0]} does not fit {layout.element_bytes} bytes; check its type")
    return integers.view(np.uint8).reshape(-1, 8)[:, : layout.element_bytes].tobytes()


def words(codes: NDArray[np.generic], bits: int) -> list[int]:
    """One integer a row of wire codes of shape (rows, elements), element 0 lowest: the words of a ROM."""
    return [int.from_bytes(row.tobytes(), "little") for row in pack(codes, bits)]


def write_rom(path: Path, rows: Iterable[int], width: int) -> None:
    """Write a file for ``$readmemh``: one word of `width` bits a line."""
    digits = -(-width // 4)
    path.write_text("".join(f"{row:0{digits}x}\n" for row in rows))
