"""What each node kind is in the ONNX file: the operators that compute the same, channels last, batch of one.

All tensors are float32 that hold integers, or int64 where ONNX asks for it. To add a node kind, add its function to
`_KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.graph.file.softmax import SoftmaxSteps
from toolchain.graph.graph import Node
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Chosen,
    Concat,
    Confident,
    Decide,
    Gate,
    Input,
    Linear,
    Op,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Softmax,
    Table,
    Threshold,
    Transpose,
    Window,
)
from toolchain.graph.types import EXACT_FLOAT32, TensorType

QONNX = "qonnx.custom_op.general"
_LAYOUTS = {2: "NC", 3: "NWC", 4: "NHWC"}


@dataclass
class Operators:
    """The operators of one node as they are written down.

    Attributes:
        node: of the integer graph.
        sources: types of what it takes.
        result: type of what it makes.
        annotated: tensors inside that need the annotation of an integer type, which qonnx reads when it executes them.
    """

    node: Node
    sources: Sequence[TensorType]
    result: TensorType
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)
    annotated: dict[str, TensorType] = field(default_factory=dict)

    def constant(self, part: str, values: NDArray[Any]) -> str:
        """A constant of the node, by the name of its part; integers become floats that hold them exactly."""
        name = constant_name(self.node.name, part)
        if all(name != known.name for known in self.initializers):
            self.initializers.append(numpy_helper.from_array(_exact(values), name))
        return name

    def whole(self, part: str, values: Sequence[int] | NDArray[Any]) -> str:
        """An int64 constant, for shapes and places."""
        name = constant_name(self.node.name, part)
        self.initializers.append(numpy_helper.from_array(np.asarray(values, np.int64), name))
        return name

    def apply(self, operator: str, *inputs: str, domain: str = "", last: bool = False, **attributes: Any) -> str:
        """An operator; its output's name. The `last` one makes the node's tensor and bears its name."""
        name = self.node.name if last else constant_name(self.node.name, f"step{len(self.nodes)}")
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, domain=domain, **attributes))
        return name


def constant_name(node: str, part: str) -> str:
    """Name of a node's constant, or of a tensor inside it."""
    return f"{node}.{part}"


def operators_of(node: Node, sources: Sequence[TensorType], result: TensorType) -> Operators:
    """The operators and constants of a node; none for an input."""
    made = Operators(node, sources, result)
    _KINDS[type(node.op)](made, node.op, *node.inputs)
    return made


def _exact(values: NDArray[Any]) -> NDArray[Any]:
    most = max(int(np.abs(values).max(initial=0)), 0)
    return values.astype(np.float32 if most <= EXACT_FLOAT32 else np.float64)


def _input(to: Operators, op: Input) -> None:
    """Inputs are the ONNX graph's own."""


def _window(to: Operators, op: Window, x: str) -> None:
    """Im2Col, which knows two axes; one axis is a picture of one line."""
    flat = len(op.kernel) == 1
    shape = (*((1,) if flat else ()), *to.sources[0].shape)
    if flat:
        x = to.apply("Reshape", x, to.whole("as_line", [1, *shape]))
    if x != to.node.inputs[0] or op.padded:
        # Im2Col asks whether its input's type holds the padding.
        x = to.apply("Identity", x)
        to.annotated[x] = to.result
    pads = [v for end in (op.before, op.after) for v in ((0, *end) if flat else end)]
    result = to.apply(
        "Im2Col",
        x,
        domain=QONNX,
        last=not flat,
        kernel_size=_two(op.kernel, 1),
        stride=_two(op.stride, 1),
        dilations=_two(op.dilation, 1),
        pad_amount=pads,
        pad_value=op.fill,
        input_shape=str((1, *shape)),
    )
    if flat:
        to.apply("Reshape", result, to.whole("as_row", [1, *to.result.shape]), last=True)


def _two(values: Sequence[int], first: int) -> list[int]:
    return [first, *values] if len(values) == 1 else list(values)


def _linear(to: Operators, op: Linear, x: str) -> None:
    weights, biased = to.constant("weights", op.weights), bool(op.bias.any())
    # An unused constant: what the node is made of is in the file, be it all zeros.
    bias = to.constant("bias", op.bias)
    if op.groups == 1:
        sums = to.apply("MatMul", x, weights, last=not biased)
    else:
        sums = _grouped(to, op, x, weights, not biased)
    if biased:
        to.apply("Add", sums, bias, last=True)


def _grouped(to: Operators, op: Linear, x: str, weights: str, last: bool) -> str:
    """A product for each group, side by side: (..., groups, 1, K) times (groups, K, outputs)."""
    places, size = to.result.shape[:-1], len(op.weights)
    rank = len(places)
    x = to.apply("Reshape", x, to.whole("by_tap", [1, *places, op.taps, op.groups, size // op.taps]))
    order = [*range(rank + 1), rank + 2, rank + 1, rank + 3]
    x = to.apply("Transpose", x, perm=order)
    x = to.apply("Reshape", x, to.whole("by_group", [1, *places, op.groups, 1, size]))
    blocks = to.apply("Reshape", weights, to.whole("in_groups", [size, op.groups, op.outputs // op.groups]))
    blocks = to.apply("Transpose", blocks, perm=[1, 0, 2])
    sums = to.apply("MatMul", x, blocks)
    return to.apply("Reshape", sums, to.whole("side_by_side", [1, *to.result.shape]), last=last)


def _reduce(to: Operators, op: Reduce, x: str) -> None:
    places = to.result.shape[:-1]
    x = to.apply("Reshape", x, to.whole("by_tap", [1, *places, op.taps, to.result.channels]))
    axis = len(places) + 1
    if op.kind == "max":
        to.apply("ReduceMax", x, axes=[axis], keepdims=0, last=True)
    else:
        to.apply("ReduceSum", x, to.whole("axis", [axis]), keepdims=0, last=True)


def _add(to: Operators, op: Add, *inputs: str) -> None:
    scaled = [
        to.apply("Mul", x, to.constant(f"factor{i}", np.array(factor)))
        for i, (x, factor) in enumerate(zip(inputs, op.factors, strict=True))
    ]
    to.apply("Sum", *scaled, last=True)


def _threshold(to: Operators, op: Threshold, x: str) -> None:
    table = to.constant("table", op.table)
    for part, values in op.uniform.parts.items() if op.uniform is not None else ():
        to.whole(f"uniform.{part}", values)
    to.apply(
        "MultiThreshold",
        x,
        table,
        domain=QONNX,
        last=True,
        out_dtype=to.result.element.datatype,
        out_scale=float(op.step),
        out_bias=float(op.least),
        data_layout=_LAYOUTS.get(len(to.result.shape) + 1, ""),
    )


def _table(to: Operators, op: Table, x: str) -> None:
    """Every channel's own stretch of one long table."""
    channels, entries = op.values.shape
    to.constant("values", op.values)
    starts = np.arange(channels) * entries - op.low
    places = to.apply("Cast", to.apply("Add", x, to.constant("starts", starts)), to=TensorProto.INT64)
    flat = to.apply("Reshape", constant_name(to.node.name, "values"), to.whole("in_one", [-1]))
    to.apply("Gather", flat, places, axis=0, last=True)


def _concat(to: Operators, op: Concat, *inputs: str) -> None:
    to.apply("Concat", *inputs, axis=-1, last=True)


def _select(to: Operators, op: Select, x: str) -> None:
    to.apply("Gather", x, to.whole("channels", op.channels), axis=len(to.result.shape), last=True)


def _reshape(to: Operators, op: Reshape, x: str) -> None:
    to.apply("Reshape", x, to.whole("shape", [1, *op.shape]), last=True)


def _transpose(to: Operators, op: Transpose, x: str) -> None:
    to.apply("Transpose", x, perm=[0, *(axis + 1 for axis in op.order)], last=True)


def _repeat(to: Operators, op: Repeat, x: str) -> None:
    for axis, (by, size) in enumerate(zip(op.by, to.sources[0].shape, strict=False), 1):
        places = to.whole(f"places{axis}", np.arange(size * by) // by)
        x = to.apply("Gather", x, places, axis=axis, last=axis == len(op.by))


def _argmax(to: Operators, op: ArgMax, x: str) -> None:
    to.apply("ArgMax", x, axis=len(to.result.shape), keepdims=1, last=True)


def _chosen(to: Operators, op: Chosen, x: str) -> None:
    """No lead in each row, against the threshold."""
    flat = to.apply("Flatten", x, axis=1)
    one = to.apply("Gather", flat, to.whole("first", [0]), axis=-1)
    lead = to.apply("Sub", one, one)
    reached = to.apply("GreaterOrEqual", lead, to.constant("margin", np.array([op.margin], np.int64)))
    to.apply("Cast", reached, to=TensorProto.FLOAT, last=True)


def _confident(to: Operators, op: Confident, x: str) -> None:
    """The two greatest, and whether they are as far apart."""
    values = constant_name(to.node.name, "values")
    to.nodes.append(
        helper.make_node("TopK", [x, to.whole("two", [2])], [values, constant_name(to.node.name, "places")], axis=-1)
    )
    first, second = (to.apply("Gather", values, to.whole(f"place{i}", [i]), axis=-1) for i in range(2))
    reached = to.apply(
        "GreaterOrEqual", to.apply("Sub", first, second), to.constant("margin", np.array([op.margin], np.int64))
    )
    to.apply("Cast", reached, to=TensorProto.FLOAT, last=True)


def _gate(to: Operators, op: Gate, x: str, confident: str) -> None:
    to.apply("Identity", x, last=True)


def _decide(to: Operators, op: Decide, confident: str, scores: str, later: str) -> None:
    own = to.apply("Concat", scores, to.constant("own", np.array([[op.own]], np.int64)), axis=-1)
    if op.other is not None:
        later = to.apply("Concat", later, to.constant("other", np.array([[op.other]], np.int64)), axis=-1)
    yes = to.apply("Cast", confident, to=TensorProto.BOOL)
    to.apply("Where", yes, own, later, last=True)


def _softmax(to: Operators, op: Softmax, x: str) -> None:
    source = to.sources[0]

    def constant(part: str, values: NDArray[np.int64]) -> str:
        name = constant_name(to.node.name, part)
        return name if any(name == known.name for known in to.initializers) else to.whole(part, values)

    steps = SoftmaxSteps(to.apply, constant, len(source.shape), len(source.shape) + 1)
    codes = steps.codes(op, to.apply("Cast", x, to=TensorProto.INT64), int(source.high.max() - source.low.min()))
    shifted = to.apply("Sub", codes, constant("128", np.array(128)))
    to.apply("Cast", shifted, to=TensorProto.FLOAT, last=True)


_KINDS: Mapping[type[Op], Callable[..., None]] = {
    Add: _add,
    ArgMax: _argmax,
    Chosen: _chosen,
    Concat: _concat,
    Confident: _confident,
    Decide: _decide,
    Gate: _gate,
    Input: _input,
    Linear: _linear,
    Reduce: _reduce,
    Repeat: _repeat,
    Reshape: _reshape,
    Select: _select,
    Softmax: _softmax,
    Table: _table,
    Threshold: _threshold,
    Transpose: _transpose,
    Window: _window,
}
