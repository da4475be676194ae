"""What is not read is refused in one error that names the node and the mend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.fast.toolchain.graph.readers.qdq.small import Small
from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.reader import read_qdq


def _dense() -> onnx.ModelProto:
    s = Small([1, 6], 0)
    x = s.quantised("x")
    w = s.weights([6, 4], 1)
    return s.model(s.quantised(s.node("Gemm", x, w, s.bias(x, w, 4))))


def _float() -> onnx.ModelProto:
    s = Small([1, 6], 1)
    return s.model(s.node("Gemm", "x", s.constant(np.ones((6, 4)), np.float32)))


def _island() -> onnx.ModelProto:
    s = Small([1, 6], 2)
    y = s.node("Gemm", "x", s.constant(np.ones((6, 4)), np.float32))
    return s.model(s.quantised(s.node("Gemm", s.quantised(y), s.weights([4, 3]))))


def _weights_in_float() -> onnx.ModelProto:
    s = Small([1, 6], 3)
    return s.model(s.quantised(s.node("Gemm", s.quantised("x"), s.constant(np.ones((6, 4)), np.float32))))


def _unknown() -> onnx.ModelProto:
    s = Small([1, 6], 4)
    y = s.quantised(s.node("Softmax", s.quantised("x")))
    return s.model(s.quantised(s.node("CumSum", y, s.constant(1, np.int64))))


def _per_channel() -> onnx.ModelProto:
    s = Small([1, 6], 5)
    wires = [s.constant(np.full(6, 0.1), np.float32), s.constant(np.zeros(6), np.int8)]
    return s.model(s.quantised("x", *wires))


def _sixteen() -> onnx.ModelProto:
    s = Small([1, 6], 6, opset=21)
    return s.model(s.quantised("x", s.constant(0.1, np.float32), s.constant(0, np.int16)))


def _computed_scale() -> onnx.ModelProto:
    s = Small([1, 6], 7)
    scale = s.node("ReduceMax", s.quantised("x"), keepdims=0)
    return s.model(s.quantised("x", scale, s.constant(0, np.int8)))


def _cut_windows() -> onnx.ModelProto:
    s = Small([1, 2, 5, 5], 8)
    y = s.node("AveragePool", s.quantised("x"), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return s.model(s.quantised(y))


def _free_axis() -> onnx.ModelProto:
    s = Small(["N", "length"], 9)
    return s.model(s.quantised("x"))


def _batch() -> onnx.ModelProto:
    s = Small([8, 6], 10)
    return s.model(s.quantised("x"))


def _batch_moves() -> onnx.ModelProto:
    s = Small([1, 6], 11)
    return s.model(s.quantised(s.node("Reshape", s.quantised("x"), s.constant([2, 3], np.int64))))


def _negative_scale() -> onnx.ModelProto:
    s = Small([1, 6], 12)
    return s.model(s.quantised("x", s.constant(-0.1, np.float32), s.constant(0, np.int8)))


def _product_of_two() -> onnx.ModelProto:
    s = Small([1, 6], 13)
    x = s.quantised("x")
    return s.model(s.quantised(s.node("Mul", x, s.quantised(s.node("Relu", x)))))


def _large_padding() -> onnx.ModelProto:
    s = Small([1, 2, 5, 5], 14)
    y = s.node("MaxPool", s.quantised("x"), kernel_shape=[2, 2], pads=[0, 0, 2**20, 2**20])
    model = s.model(s.quantised(y))
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_float, "the network is float"),
        (_island, r"float in part: node Gemm_\d+ \(Gemm\)"),
        (_weights_in_float, r"node Gemm_\d+ \(Gemm\): its weights, 'c\d', are float constants"),
        (_unknown, r"Softmax \(Softmax_\d+\) is not read;.*; CumSum \(CumSum_\d+\) is not read"),
        (_per_channel, r"6 scales for a computed tensor"),
        (_sixteen, "quantise to 8 bits"),
        (_computed_scale, "quantise both ways of the input|static quantisation"),
        (_cut_windows, "count_include_pad=1"),
        (_free_axis, "fixed shapes beside the batch"),
        (_batch, "fixed batch of 8"),
        (_batch_moves, "the batch should stay the first axis"),
        (_negative_scale, "a positive number is expected"),
        (_product_of_two, "two computed values"),
        (_large_padding, "134,217,728 elements"),
    ],
)
def test_a_network_that_is_not_read_is_refused(make: Callable[[], onnx.ModelProto], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_qdq(make())


def _circle(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = model.graph.output[0].name


def _dangling(model: onnx.ModelProto) -> None:
    model.graph.node[-1].input[0] = "nowhere"


def _twice(model: onnx.ModelProto) -> None:
    model.graph.node.append(model.graph.node[-1])


def _no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _lost_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "nowhere"


def _cut_constant(model: onnx.ModelProto) -> None:
    weights = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    weights.raw_data = weights.raw_data[:-1]


def _endless_constant(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims.append(2**40)


def _subgraph(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    model.graph.node[0].attribute.append(helper.make_attribute("body", inner))


def _odd_attribute(model: onnx.ModelProto) -> None:
    gemm = next(node for node in model.graph.node if node.op_type == "Gemm")
    gemm.attribute.append(helper.make_attribute("transB", [1, 2]))


def _no_elements(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 0


def _doubles(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_circle, "has a circle"),
        (_dangling, "takes 'nowhere', which nothing makes"),
        (_twice, "which is made before"),
        (_no_output, "0 outputs"),
        (_lost_output, "output nowhere takes 'nowhere'"),
        (_cut_constant, "cannot be read"),
        (_endless_constant, "elements are read"),
        (_subgraph, "holds graphs of its own"),
        (_odd_attribute, "attribute transB should be INT"),
        (_no_elements, "fixed"),
        (_doubles, "is DOUBLE; float32, int8 and uint8 are read"),
    ],
)
def test_a_broken_file_is_refused(harm: Callable[[onnx.ModelProto], None], words: str) -> None:
    model = _dense()
    harm(model)
    with pytest.raises(ModelError, match=words):
        read_qdq(model)


def test_all_that_is_wrong_is_told_at_once() -> None:
    s = Small([1, 2, 5, 5], 15)
    x = s.quantised("x")
    y = s.node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    z = s.node("Conv", x, s.constant(np.ones((2, 2, 1, 1)), np.float32))
    with pytest.raises(ModelError, match=r"AveragePool.*count_include_pad.*Conv.*float constants"):
        read_qdq(s.model(s.quantised(y), s.quantised(z)))
