"""Small networks as files: one of each format, and what they answer in their own framework."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.fast.toolchain.graph.readers.qdq.made import Made
from tests.fast.toolchain.graph.readers.qonnx.models import Model
from tests.fast.toolchain.graph.readers.tflite.flat import Flat

_VALID = 1


def dense_qonnx(path: Path, classes: int = 4) -> Path:
    """A row of 8 quantised values, a hidden layer, and scores."""
    model = Model(3)
    x = model.quant(model.input("x", (8,)), 4)
    hidden = model.quant(model.apply("MatMul", [x, model.weights((8, 6))]), 2, 1.0, signed=False)
    scores = model.apply("MatMul", [hidden, model.weights((6, classes))])
    path.write_bytes(model.made(str(scores)).model.SerializeToString())
    return path


def dense_qdq(path: Path) -> Path:
    """A row of 8 values, quantised to int8, a hidden layer, and scores that nothing quantises again."""
    random, made = np.random.default_rng(0), helper.make_node
    constants = {"s": np.float32(0.1), "z": np.int8(0), "v": random.integers(-9, 9, (8, 6)).astype(np.int8)}
    constants["w"] = random.integers(-9, 9, (6, 4)).astype(np.int8)
    nodes = [
        *_through_int8("x", "a"),
        made("DequantizeLinear", ["v", "s", "z"], ["b"]),
        made("MatMul", ["a", "b"], ["c"]),
        *_through_int8("c", "d"),
        made("DequantizeLinear", ["w", "s", "z"], ["e"]),
        made("MatMul", ["d", "e"], ["y"]),
    ]
    sides = [helper.make_tensor_value_info(*side) for side in (("x", 1, ["n", 8]), ("y", 1, ["n", 4]))]
    tensors = [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "dense", sides[:1], sides[1:], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def _through_int8(name: str, result: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("QuantizeLinear", [name, "s", "z"], [f"{name}_codes"]),
        helper.make_node("DequantizeLinear", [f"{name}_codes", "s", "z"], [result]),
    ]


def conv_qonnx(path: Path) -> Path:
    """A picture, channels first, through a convolution and a pooling to scores and their Softmax."""
    model = Model(4)
    x = model.quant(model.input("x", (2, 6, 6)), 4)
    hidden = model.quant(model.conv(x, 2, 3, (3, 3), pads=[1, 1, 1, 1]), 3, 0.5, signed=False)
    pooled = model.apply("MaxPool", [hidden], kernel_shape=[2, 2], strides=[2, 2])
    flat = model.apply("Flatten", [pooled], axis=1)
    scores = model.apply("MatMul", [flat, model.weights((27, 5))])
    path.write_bytes(model.made(str(model.apply("Softmax", [scores], axis=1))).model.SerializeToString())
    return path


def two_qonnx(path: Path) -> Path:
    """Two rows, of which one is annotated with integers; an early exit of one alone, and one of both."""
    model = Model(5)
    left, right = model.quant(model.input("left", (6,)), 4), model.input("right", (5,), "INT4")
    early = model.apply("MatMul", [left, model.weights((6, 3))])
    hidden = model.quant(early, 3, 0.5)
    both = model.apply("Concat", [hidden, model.quant(right, 4, 1.0)], axis=1)
    late = model.apply("MatMul", [both, model.weights((8, 4))])
    path.write_bytes(model.made(str(early), str(late)).model.SerializeToString())
    return path


def two_qdq(path: Path, dtype: str = "uint8") -> Path:
    """A picture and a row; scores of the picture as floats, and a sum of both as codes."""
    m = Made(dtype, seed=8)
    picture = m.quantised(m.input(2, 5, 5), scale=0.05, zero=7)
    row = m.quantised(m.input(3), scale=0.04, zero=2)
    y = m.quantised(m.conv(picture, 0.05, (3, 2, 3, 3), pads=[1, 1, 1, 1]), scale=0.3, zero=120)
    flat = m.quantised(m.node("Flatten", [m.node("GlobalAveragePool", [y])]), scale=0.05, zero=120)
    w, _ = m.weights((4, 3), 0)
    scores = m.quantised(m.node("Gemm", [flat, w], transB=1), scale=0.2, zero=120)
    both = m.node("Add", [flat, row])
    codes = m.node("QuantizeLinear", [both, m.constant(np.float32(0.12)), m.constant(np.array(5, m.dtype))])
    path.write_bytes(m.model(scores, codes).SerializeToString())
    return path


def two_tflite(path: Path) -> Path:
    """Two rows of int8, and a product of each."""
    random, flat = np.random.default_rng(6), Flat()
    for width in (6, 4):
        x = flat.input((1, width), 0.05, -3)
        w = flat.constant(random.integers(-127, 128, (3, width)), "INT8", 0.01)
        bias = flat.constant(random.integers(-500, 500, 3), "INT32", 0.0005)
        flat.operator("FULLY_CONNECTED", [x, w, bias], [flat.tensor((1, 3), 0.05, 7)])
    ends = [place for op in flat.operators for place in op["outputs"]]
    return flat.end(*ends).save(path)


def layers_tflite(path: Path) -> Path:
    """A padded convolution, and a dense layer of its picture."""
    random, flat = np.random.default_rng(7), Flat()
    x = flat.input((1, 4, 4, 2), 0.05, -3)
    w = flat.constant(random.integers(-127, 128, (3, 3, 3, 2)), "INT8", 0.01, axis=0)
    bias = flat.constant(random.integers(-500, 500, 3), "INT32", 0.0005)
    y = flat.tensor((1, 4, 4, 3), 0.2, 7)
    flat.operator("CONV_2D", [x, w, bias], [y], StrideH=1, StrideW=1, DilationHFactor=1, DilationWFactor=1)
    rows = flat.tensor((1, 48), 0.2, 7)
    flat.operator("RESHAPE", [y, flat.constant([1, 48])], [rows])
    w, bias = (
        flat.constant(random.integers(-127, 128, (3, 48)), "INT8", 0.01),
        flat.constant([90, -40, 7], "INT32", 0.002),
    )
    z = flat.tensor((1, 3), 0.4, -5)
    flat.operator("FULLY_CONNECTED", [rows, w, bias], [z])
    return flat.end(z).save(path)


def conv_tflite(path: Path) -> Path:
    """A picture of int8, channels last, through a convolution to five codes."""
    random, flat = np.random.default_rng(5), Flat()
    x = flat.input((1, 6, 6, 2), 0.05, -3)
    w = flat.constant(random.integers(-127, 128, (5, 6, 6, 2)), "INT8", 0.01, axis=0)
    bias = flat.constant(random.integers(-500, 500, 5), "INT32", 0.0005)
    y = flat.tensor((1, 1, 1, 5), 0.2, 7)
    options = {"Padding": _VALID, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
    flat.operator("CONV_2D", [x, w, bias], [y], **options)
    return flat.end(y).save(path)
