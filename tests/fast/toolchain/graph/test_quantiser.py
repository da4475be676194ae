"""A quantiser says what qonnx's own function computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qonnx.custom_op.general.intquant import int_quant

from tests.fast.toolchain.graph.small_models import quant
from toolchain.errors import ModelError
from toolchain.graph.quantiser import ROUNDING_MODES, read_quantising

CONSTANTS: dict[str, Any] = {"s": np.float32(0.75), "z": np.float32(0), "b": np.float32(4)}


def said(**attributes: Any) -> Any:
    bits = np.float32(attributes.pop("bits", 4))
    return read_quantising(quant("a", "q", **attributes), {**CONSTANTS, "b": bits})


@pytest.mark.parametrize("bits", [1, 1.5, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("narrow", [0, 1])
@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_ends_are_those_of_qonnx(bits: float, signed: int, narrow: int, mode: str) -> None:
    quantising = said(bits=bits, signed=signed, narrow=narrow, rounding_mode=mode)
    x = np.array([-1e9, 1e9], np.float32)
    least, greatest = int_quant(x, CONSTANTS["s"], np.float32(0), np.float32(bits), signed, narrow, mode) / 0.75
    if float(bits).is_integer():
        assert (quantising.least, quantising.greatest) == (least, greatest)
    else:
        assert abs(quantising.least - least) < 1
        assert abs(quantising.greatest - greatest) < 1


@pytest.mark.parametrize(
    ("bits", "signed", "datatype"), [(1, 1, "BIPOLAR"), (1, 0, "BINARY"), (2, 1, "INT2"), (8, 0, "UINT8")]
)
def test_datatype(bits: int, signed: int, datatype: str) -> None:
    assert said(bits=bits, signed=signed).datatype == datatype


def test_fraction_of_a_bit_has_no_type() -> None:
    with pytest.raises(ModelError, match="no whole number"):
        said(bits=2.5).datatype  # noqa: B018


def test_parameter_that_is_computed() -> None:
    with pytest.raises(ModelError, match=r"node q \(Quant\): parameter 's' is not a constant"):
        read_quantising(quant("a", "q"), {})
