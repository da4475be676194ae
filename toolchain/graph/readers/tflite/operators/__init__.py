"""TFLite's operators as nodes of the integer graph, one family a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from toolchain.graph.readers.tflite.building import Building
from toolchain.graph.readers.tflite.flatbuffer import Operator
from toolchain.graph.readers.tflite.operators import addition, functions, linear, moves, parts, pooling

Maker = Callable[[Building, Operator], str | list[str]]
"""Adds an operator's nodes; returns the node of its output, or of each."""

MAKERS: Mapping[str, Maker] = {
    "ADD": addition.add,
    "SUB": addition.subtract,
    "CONV_2D": linear.convolution,
    "DEPTHWISE_CONV_2D": linear.depthwise,
    "FULLY_CONNECTED": linear.fully_connected,
    "AVERAGE_POOL_2D": pooling.average,
    "MAX_POOL_2D": pooling.maximum,
    "MEAN": pooling.mean,
    "RESHAPE": moves.reshape,
    "SQUEEZE": moves.reshape,
    "EXPAND_DIMS": moves.reshape,
    "TRANSPOSE": moves.transpose,
    "PAD": moves.pad,
    "PADV2": moves.pad,
    "RESIZE_NEAREST_NEIGHBOR": moves.resize,
    "CONCATENATION": parts.concatenation,
    "SPLIT": parts.split,
    "SLICE": parts.cut,
    "STRIDED_SLICE": parts.strided,
    "RELU": functions.relu,
    "RELU6": functions.relu6,
    "RELU_N1_TO_1": functions.relu_n1_to_1,
    "LEAKY_RELU": functions.leaky_relu,
    "HARD_SWISH": functions.hard_swish,
    "LOGISTIC": functions.logistic,
    "TANH": functions.tanh,
    "QUANTIZE": functions.requantise,
    "SOFTMAX": functions.softmax,
    "ARG_MAX": functions.arg_max,
}
"""Every operator that is read between a network's ends, by TFLite's own name."""
