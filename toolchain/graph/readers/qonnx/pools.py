"""Pooling: the greatest, the sum or the mean of windows of integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.graph.ops import Reduce
from toolchain.graph.readers.qonnx.attributes import Sliding, attributes_of, name_of, sliding, where
from toolchain.graph.readers.qonnx.layout import channels_at, reshaped
from toolchain.graph.readers.qonnx.settle import settled
from toolchain.graph.readers.qonnx.slopes import slope
from toolchain.graph.readers.qonnx.steps import ROOT, Executor, Parameter, Reals, Step, grafted
from toolchain.graph.readers.qonnx.values import Pending, Wire
from toolchain.graph.thresholds import MAX_RANGE

WINDOWS = frozenset({"MaxPool", "AveragePool", "QuantAvgPool2d"})
ALONG_AXES = frozenset({"ReduceMean", "ReduceSum", "ReduceMax"})
WHOLE = ALONG_AXES | {"GlobalAveragePool", "GlobalMaxPool"}
OPERATORS = WINDOWS | WHOLE


def pooled(executor: Executor, node: NodeProto, value: Pending, axes: Sequence[int] | None = None) -> Pending:
    """A pooling of a pending tensor.

    Args:
        axes: of a ReduceMean and the like, counted as in the file.

    Raises:
        ModelError: names the node and what it should be.
    """
    if node.op_type in WHOLE:
        return _whole(executor, node, value, axes)
    layout = attributes_of(node).get("data_layout", "NCHW")
    value = channels_at(value, len(value.shape) if layout == "NHWC" else 1, name_of(node))
    slides = _slides(node, value.type.shape[:-1])
    if node.op_type == "MaxPool":
        return _greatest(executor, node, value, slides)
    mean = _mean(executor, node, value, slides, divide=node.op_type == "AveragePool")
    return _shifted(node, mean) if node.op_type == "QuantAvgPool2d" else mean


def _slides(node: NodeProto, sizes: Sequence[int]) -> Sliding:
    said = attributes_of(node)
    if node.op_type == "QuantAvgPool2d":
        both = [(int(said["kernel"]),) * 2, (int(said["stride"]),) * 2]
        return Sliding(both[0], both[1], (0, 0), (0, 0), (1, 1))
    if len(node.output) > 1 and node.output[1]:
        raise ModelError(f"{where(node)}: its second output, the places, is not supported; leave it out")
    slides = sliding(node, said.get("kernel_shape", []), sizes)
    if node.op_type == "AveragePool" and any((*slides.before, *slides.after)):
        plain = sliding(helper.make_node("AveragePool", [], [], **{**said, "ceil_mode": 0}), slides.kernel, sizes)
        if not said.get("count_include_pad", 0) or plain != slides:
            raise ModelError(
                f"{where(node)}: a mean of fewer elements at the edges; use pads of 0, or count_include_pad=1 and no "
                "ceil_mode"
            )
    return slides


def _greatest(executor: Executor, node: NodeProto, value: Pending, slides: Sliding) -> Pending:
    value = rising(executor, value, where(node))
    fill = int(value.type.low.min())
    return value.on(_reduced(value.wire, node, slides, "max", fill))


def _reduced(wire: Wire, node: NodeProto, slides: Sliding, kind: str, fill: int = 0) -> Wire:
    name = name_of(node)
    taps = math.prod(slides.kernel)
    windows = wire if slides.moves_nothing else wire.then(f"{name}_window", slides.window(fill))
    return windows.then(name, Reduce("max" if kind == "max" else "sum", taps)) if taps > 1 else windows


def rising(executor: Executor, value: Pending, name: str) -> Pending:
    """The same tensor with steps that rise with its integers: channels that fall are turned round.

    Raises:
        ModelError: a channel neither rises nor falls; names the node that asks.
    """
    signs = slope(value.tree)
    if np.isnan(signs).any():
        signs = _seen(executor, value, name)
    if (signs >= 0).all():
        return value
    turned = np.broadcast_to(np.where(signs < 0, -1, 1), value.type.channels)
    node = helper.make_node("Mul", ["x", "sign"], ["y"], name=f"{name} sign")
    back = Step(node, (ROOT, Parameter(turned.astype(np.float32), along=True)))
    wire = value.wire.scaled(turned)
    return replace(value, wire=wire, bias=value.bias * turned, tree=grafted(value.tree, back), summands=())


def _seen(executor: Executor, value: Pending, name: str) -> Reals:
    """Whether channels rise or fall, one value after another."""
    low, high = int(value.type.low.min()), int(value.type.high.max())
    channels = 1 if value.alike else value.type.channels
    if (high - low) * channels > MAX_RANGE:
        raise ModelError(f"{name}: takes a function of {high - low + 1:,} values that may not rise; quantise before it")
    points = np.broadcast_to(np.arange(low, high + 1)[:, None], (high - low + 1, channels))
    steps = np.diff(executor.run(value.tree, value.floats(points)).astype(np.float64), axis=0)
    up, down = (steps >= 0).all(axis=0), (steps <= 0).all(axis=0)
    if not (up | down).all():
        raise ModelError(f"{name}: takes a function that neither rises nor falls; put a quantiser between the two")
    return np.where(up, 1.0, -1.0)


def _mean(executor: Executor, node: NodeProto, value: Pending, slides: Sliding, *, divide: bool = True) -> Pending:
    value = summable(executor, node, value)
    taps = math.prod(slides.kernel)
    if any((*slides.before, *slides.after)) and value.bias.any():
        raise ModelError(
            f"{where(node)}: pads with 0, which its input, shifted since its quantiser, has not; quantise it"
        )
    wire = _reduced(value.wire, node, slides, "sum")
    return replace(value, wire=wire, bias=value.bias * taps, tree=_over(taps, node) if divide else ROOT, summands=())


def summable(executor: Executor, node: NodeProto, value: Pending) -> Pending:
    """The tensor without steps.

    Raises:
        ModelError: it has no unit; names the node.
    """
    found = settled(executor, value, name_of(node))
    if found is None or not found.exact:
        raise ModelError(f"{where(node)}: takes values that are not quantised; put a Quant before it")
    return found


def _over(taps: int, node: NodeProto) -> Step:
    divided = helper.make_node("Div", ["sum", "taps"], ["mean"], name=name_of(node))
    return Step(divided, (ROOT, Parameter(np.array(taps, np.float32))))


def _shifted(node: NodeProto, value: Pending) -> Pending:
    """As qonnx defines it: whole sums, shifted right by the bits that the result has not."""
    said = attributes_of(node)
    if (value.unit != 1).any() or value.bias.any():
        raise ModelError(f"{where(node)}: takes whole numbers; put the scale behind it")
    most = (2 ** int(said["ibits"]) - 1) * int(said["kernel"]) ** 2
    shift = max(0, most.bit_length() - int(said["obits"]))
    divided = helper.make_node("Div", ["sum", "share"], ["shifted"], name=f"{name_of(node)}_shift")
    tree = Step(divided, (ROOT, Parameter(np.array(2.0**shift, np.float32))))
    floor = helper.make_node("Floor", ["shifted"], ["whole"], name=f"{name_of(node)}_whole")
    return value.with_tree(Step(floor, (tree,)))


def _whole(executor: Executor, node: NodeProto, value: Pending, axes: Sequence[int] | None) -> Pending:
    """Over all positions: what is left is one of each channel."""
    rank = len(value.shape)
    reduced = sorted({a % (rank + 1) for a in axes} if axes else set(range(2, rank + 1)))
    left = [axis for axis in range(1, rank + 1) if axis not in reduced]
    if len(left) != 1 or not 1 <= len(reduced) <= 2 or 0 in reduced:
        raise ModelError(
            f"{where(node)}: over axes {reduced} of {rank + 1}; all spatial ones, one or two, are supported"
        )
    value = channels_at(value, left[0], name_of(node))
    sizes, ones = value.type.shape[:-1], (1,) * len(reduced)
    slides = Sliding(sizes, ones, (0,) * len(ones), (0,) * len(ones), ones)
    if "Max" in node.op_type:
        result = _greatest(executor, node, value, slides)
    else:
        result = _mean(executor, node, value, slides, divide=node.op_type != "ReduceSum")
    keep = node.op_type.startswith("Global") or attributes_of(node).get("keepdims", 1)
    return result if keep else reshaped(result, (result.type.channels,), name_of(node))
