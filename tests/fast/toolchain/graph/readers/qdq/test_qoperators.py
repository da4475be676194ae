"""Models of QLinear operators, against ONNX Runtime running the file itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.graph.readers.qdq.compared import answers, random_feeds
from tests.fast.toolchain.graph.readers.qdq.small import Small
from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.graph.readers.qdq.reference import run_reference
from toolchain.graph.readers.qdq.runtime import session_of

_MS = "com.microsoft"


def _model(s: Small, output: str, shape: list[int]) -> onnx.ModelProto:
    kind = TensorProto.INT8 if s.dtype == np.int8 else TensorProto.UINT8
    ends = [
        helper.make_tensor_value_info("x", kind, s.inputs["x"][1]),
        helper.make_tensor_value_info(output, kind, shape),
    ]
    tensors = [numpy_helper.from_array(values, name) for name, values in s.constants.items()]
    graph = helper.make_graph(s.nodes, "qlinear", ends[:1], ends[1:], tensors)
    sets = [helper.make_opsetid("", 17), helper.make_opsetid(_MS, 1)]
    return helper.make_model(graph, opset_imports=sets, ir_version=8)


def _codes(s: Small, shape: list[int], axis: int) -> list[str]:
    """Weights in the dtype of the activations, one scale a channel."""
    limits = np.iinfo(s.dtype)
    codes = s.constant(s.random.integers(limits.min, limits.max + 1, shape), s.dtype)
    zero = 0 if s.dtype == np.int8 else 130
    count = shape[axis]
    wires = [s.constant(s.random.uniform(0.001, 0.004, count), np.float32), s.constant(np.full(count, zero), s.dtype)]
    return [codes, *wires]


def _network(dtype: type) -> onnx.ModelProto:
    s = Small([1, 4, 8, 8], 31, dtype)
    first, second, third, fourth, fifth, sixth = (s.scheme() for _ in range(6))
    bias = s.constant(s.random.integers(-900, 900, 4), np.int32)
    conv = s.node("QLinearConv", "x", *first, *_codes(s, [4, 4, 3, 3], 0), *second, bias, pads=[1, 1, 1, 1])
    leaky = s.node("QLinearLeakyRelu", conv, *second, *third, domain=_MS, alpha=0.1)
    total = s.node("QLinearAdd", leaky, *third, "x", *first, *fourth, domain=_MS)
    both = s.node("QLinearConcat", *fifth, total, *fourth, conv, *second, domain=_MS, axis=1)
    curve = s.node("QLinearSigmoid", both, *fifth, *sixth, domain=_MS)
    pool = s.node("MaxPool", curve, kernel_shape=[2, 2], strides=[2, 2])
    mean = s.node("QLinearGlobalAveragePool", pool, *sixth, *fifth, domain=_MS, channels_last=0)
    rows = s.node("Flatten", mean)
    bias = s.constant(s.random.integers(-900, 900, 6), np.int32)
    dense = s.node(
        "QGemm", rows, *fifth, *_codes(s, [6, 8], 0), bias, *first, domain=_MS, transB=1, alpha=1.0, transA=0
    )
    return _model(s, s.node("QLinearMatMul", dense, *first, *_codes(s, [6, 5], 1), *second), [1, 5])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_the_file_itself_answers_the_same(dtype: type) -> None:
    model = _network(dtype)
    source = read_qdq(model)
    feeds = random_feeds(source, 200)
    session = session_of(model)
    own = np.concatenate([session.run(None, {"x": row[None]})[0] for row in feeds["x"]])
    name = source.outputs[0].name
    np.testing.assert_array_equal(run_reference(model, feeds)[name], own)
    np.testing.assert_array_equal(answers(source, feeds)[name], own)
    assert len(np.unique(own)) > 5


@pytest.mark.parametrize(
    ("change", "words"),
    [({"channels_last": 1}, "has channels last"), ({"inputs": 3}, "leaves inputs out")],
)
def test_what_is_no_whole_operator_is_refused(change: dict[str, Any], words: str) -> None:
    model = _network(np.int8)
    node = next(n for n in model.graph.node if n.op_type == "QLinearGlobalAveragePool")
    if "inputs" in change:
        del node.input[0:]
    else:
        node.attribute[0].i = 1
    with pytest.raises(ModelError, match=words):
        read_qdq(model)
