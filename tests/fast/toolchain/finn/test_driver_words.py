"""The words that the driver on the board packs in plain Python are those of FINN's own driver."""

from __future__ import annotations

import random

import numpy as np
import pytest
from finn.util.data_packing import finnpy_to_packed_bytearray, packed_bytearray_to_finnpy
from qonnx.core.datatype import DataType

from toolchain.device.link.axi.elements import element, pack, repacker, words

VALUES = {"BINARY": (0, 1), "BIPOLAR": (-1, 1), "UINT3": tuple(range(8)), "INT5": tuple(range(-16, 16))}
FOLDED = [(1, 61, 3), (1, 1, 183), (1, 183, 1), (1, 3, 61)]


@pytest.mark.parametrize("folded", FOLDED)
@pytest.mark.parametrize(
    ("source", "target"), [("BINARY", "UINT2"), ("BIPOLAR", "INT2"), ("UINT3", "UINT12"), ("INT5", "INT7")]
)
def test_inputs(source: str, target: str, folded: tuple[int, ...]) -> None:
    numbers = random.Random(7).choices(VALUES[source], k=183)
    array = np.array(numbers, dtype=np.float32).reshape(folded)
    wanted = finnpy_to_packed_bytearray(array, DataType[target], reverse_inner=True, reverse_endian=True)
    assert repacker(element(source), words(target, folded))(pack(numbers, element(source))) == wanted.tobytes()


@pytest.mark.parametrize("folded", [(1, 5, 1), (1, 1, 5)])
def test_logits(folded: tuple[int, ...]) -> None:
    stream = words("INT11", folded)
    sent = np.frombuffer(random.Random(3).randbytes(stream.size), np.uint8).reshape(*folded[:-1], stream.word_bytes)
    wanted = packed_bytearray_to_finnpy(sent, DataType["INT11"], folded, reverse_inner=True, reverse_endian=True)
    assert stream.unpack(sent.tobytes()) == wanted.astype(int).flatten().tolist()
