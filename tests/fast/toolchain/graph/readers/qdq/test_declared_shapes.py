"""What a file declares of its outputs is of no weight: their shapes follow from its nodes, or it is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.fast.toolchain.graph.readers.qdq.small import Small
from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.runtime.network_file.answer import integers_of, outputs_of


def _dense(declared: Any) -> onnx.ModelProto:
    s = Small([1, 6], 0)
    x = s.quantised("x")
    w = s.weights([6, 4], 1)
    model = s.model(s.quantised(s.node("Gemm", x, w, s.bias(x, w, 4))))
    output = model.graph.output[0]
    output.CopyFrom(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, declared))
    return model


@pytest.mark.parametrize("declared", [None, [], ["n", "classes"], ["n", None], [1, 7], [1, 4, 1], [1, 1 << 40]])
def test_shapes_follow_from_the_nodes(declared: Any) -> None:
    source = read_qdq(_dense(declared))
    assert [port.shape for port in source.outputs] == [(4,)]
    x = np.zeros((3, 6), np.float32)
    assert np.asarray(outputs_of(source, integers_of(source, x))).shape == (3, 4)


def _of_its_own_size(declared: list[Any]) -> onnx.ModelProto:
    """Its last axis follows from the values that come in."""
    s = Small([1, 6], 0)
    y = s.quantised(s.node("Gemm", s.quantised("x"), s.weights([6, 4])))
    places = s.node("NonZero", s.node("Cast", y, to=TensorProto.BOOL))
    model = s.model(s.node("Cast", places, to=TensorProto.FLOAT))
    output = model.graph.output[0]
    output.CopyFrom(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, declared))
    return model


def test_a_shape_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"output .* has shape .*export the model with fixed shapes"):
        read_qdq(_of_its_own_size(["n", "m"]))
