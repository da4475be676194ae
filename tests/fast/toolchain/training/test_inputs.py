"""Inputs of every type and shape survive packing and the file, and those that a type does not hold are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from toolchain.errors import DataError
from toolchain.training.dataset import dataset_of, load, save
from toolchain.training.inputs import INPUT_TYPES, Signature

SPLIT = np.array([0, 1, 2, 0, 2, 0, 0], np.uint8)
FIELDS: dict[str, Any] = {"classes": ("a", "b"), "kind": "images", "splits": {"blocked": SPLIT, "random": SPLIT}}
Y = np.array([0, 1, 0, 1, 1, 0, 0])


@pytest.mark.parametrize("name", INPUT_TYPES)
def test_a_type_is_what_qonnx_says(name: str) -> None:
    kind, known = INPUT_TYPES[name], DataType[name]
    assert (kind.low, kind.high, kind.bits) == (known.min(), known.max(), known.bitwidth())
    drawn = kind.draw((2000,), 1)
    assert kind.holds(drawn)
    assert all(known.allowed(float(value)) for value in np.unique(drawn))
    assert len(np.unique(drawn)) == known.get_num_possible_values()


@pytest.mark.parametrize("shape", [(5,), (3, 4)])
@pytest.mark.parametrize("name", INPUT_TYPES)
def test_inputs_come_back_from_the_file(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    x = INPUT_TYPES[name].draw((7, *shape), 2)
    save(tmp_path / "d.npz", dataset_of(x.astype(np.int64), Y, input_type=name, **FIELDS))
    again = load(tmp_path / "d.npz")
    assert again.signature == Signature(shape, name, 2)
    assert np.array_equal(again.inputs_of(np.arange(7)), x)
    assert again.inputs_of(np.arange(7)).dtype == x.dtype
    assert again.part("blocked", "test")[0].shape == (2, *shape)


@pytest.mark.parametrize(
    ("x", "name", "words"),
    [
        (np.full((7, 2), 16), "UINT4", "int64, 16 to 16: should be whole numbers, 0 to 15, for UINT4"),
        (np.full((7, 2), -9), "INT4", "should be whole numbers, -8 to 7, for INT4"),
        (np.zeros((7, 2), int), "BIPOLAR", "should be whole numbers, -1 or +1, for BIPOLAR"),
        (np.zeros((7, 2)), "UINT8", "inputs: float64, 0.0 to 0.0: should be whole numbers"),
        (np.zeros((7, 2), int), "UINT9", "input_type: 'UINT9': should be one of BIPOLAR, BINARY, UINT1"),
    ],
)
def test_what_a_type_does_not_hold_is_refused(x: Any, name: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        dataset_of(x, Y, input_type=name, **FIELDS)
    assert words in str(caught.value)
