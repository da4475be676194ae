"""The node kinds of the integer graph. To add one: a class here, its operator in the ONNX file, its hardware unit."""

from toolchain.graph.ops.base import Op
from toolchain.graph.ops.combine import Add, Reduce
from toolchain.graph.ops.decide import ArgMax
from toolchain.graph.ops.linear import Linear, dense
from toolchain.graph.ops.moves import Concat, Input, Repeat, Reshape, Select, Transpose, Window, window
from toolchain.graph.ops.softmax import Softmax
from toolchain.graph.ops.staged import Chosen, Confident, Decide, Gate
from toolchain.graph.ops.table import Table
from toolchain.graph.ops.threshold import Threshold, Uniform

__all__ = [
    "Add",
    "ArgMax",
    "Chosen",
    "Concat",
    "Confident",
    "Decide",
    "Gate",
    "Input",
    "Linear",
    "Op",
    "Reduce",
    "Repeat",
    "Reshape",
    "Select",
    "Softmax",
    "Table",
    "Threshold",
    "Transpose",
    "Uniform",
    "Window",
    "dense",
    "window",
]
