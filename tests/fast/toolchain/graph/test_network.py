"""The executor takes values of its input type, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.network import DenseLayer, IntegerNetwork


def _network(kind: str) -> IntegerNetwork:
    return IntegerNetwork((DenseLayer("last", np.array([[1, 2], [3, 4]]), kind, "INT4", "INT32"),))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("UINT8", 256, "whole numbers from 0 to 255"),
        ("UINT8", -1, "whole numbers from 0 to 255"),
        ("INT4", 8, "whole numbers from -8 to 7"),
        ("BINARY", 2, "whole numbers from 0 to 1"),
        ("BIPOLAR", 0, r"-1 or \+1"),
        ("INT4", 0.5, "whole numbers"),
        ("INT4", np.nan, "whole numbers"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, value: Any, expected: str) -> None:
    x = np.ones((3, 2), np.asarray(value).dtype)
    x[2, 1] = value
    with pytest.raises(ModelError, match=rf"input 2, 1 is {value}; the network takes {kind}: {expected}"):
        _network(kind).run(x)


@pytest.mark.parametrize("kind", [np.uint16, np.int8, np.float32])
def test_values_of_the_type_are_taken_whatever_array_holds_them(kind: Any) -> None:
    assert _network("UINT4").run(np.array([[0, 15], [1, 2]], kind)).logits.tolist() == [[45, 60], [7, 10]]


def test_an_array_may_be_narrower_than_the_type() -> None:
    assert _network("INT16").run(np.array([[-128, 127]], np.int8)).logits.tolist() == [[253, 252]]
    assert _network("UINT16").run(np.array([[1, 0]], np.bool_)).logits.tolist() == [[1, 2]]


def test_no_inputs_have_no_answers() -> None:
    assert _network("UINT4").run(np.zeros((0, 2), np.uint8)).logits.shape == (0, 2)
    assert _network("BIPOLAR").run(np.zeros((0, 2), np.int8)).logits.shape == (0, 2)
