"""What each operator of an ONNX file is in the integer graph. To add one: a function here, and its name in `MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from onnx import NodeProto

from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.operators.addition import add
from toolchain.graph.readers.qdq.operators.functions import FUNCTIONS, function
from toolchain.graph.readers.qdq.operators.joins import concat, cut, split
from toolchain.graph.readers.qdq.operators.moves import flatten, pad, reshape, resize, squeeze, transpose
from toolchain.graph.readers.qdq.operators.pools import average, global_average, maximum, mean
from toolchain.graph.readers.qdq.operators.products import conv, gemm, matmul
from toolchain.graph.readers.qdq.quantisers import dequantise, quantise
from toolchain.graph.readers.qdq.values import Value

Maker = Callable[[Building, NodeProto], Value | list[Value]]

MAKERS: Mapping[str, Maker] = {
    "QuantizeLinear": quantise,
    "DequantizeLinear": dequantise,
    "Conv": conv,
    "Gemm": gemm,
    "MatMul": matmul,
    "Add": add,
    "MaxPool": maximum,
    "AveragePool": average,
    "GlobalAveragePool": global_average,
    "ReduceMean": mean,
    "Concat": concat,
    "Split": split,
    "Slice": cut,
    "Flatten": flatten,
    "Reshape": reshape,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": squeeze,
    "Pad": pad,
    "Resize": resize,
    **dict.fromkeys(FUNCTIONS, function),
    "Sub": add,
}
