"""From an integer graph to the chain of FINN's RTL layers that computes the same, or a refusal that names the node.

The layers are made of the integer graph itself, so their constants are its own. Nothing is rounded on the way:

- Padding holds zeros. Where a graph pads with another value, the thresholds before yield values less that value; the
  sums of the product behind then differ by a constant, which goes into its thresholds as any bias does.
- A convolution in groups is a product with zeros between the groups, and a sum over a window one with ones. FINN's own
  layers for the first (VVAU) have RTL for Versal devices only, those for the second none.

Nothing of FINN is imported here: a file is refused before FINN is started.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from toolchain.errors import ModelError
from toolchain.finn.faults import OTHER_FLOW
from toolchain.finn.layers import Chain, Integers, Layer, Levels, Padding, Product, Windows, bits_of, held_as
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Chosen,
    Concat,
    Confident,
    Decide,
    Gate,
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
from toolchain.graph.types import EXACT_FLOAT32

# Thresholds of a channel, at most: those of a byte whose zero lies elsewhere.
_MOST_LEVELS = 511
# Sums of so many values may go on without a quantiser: those of a byte.
_MOST_VALUES = 255
# Bits of an activation, with its sign, that a DSP slice multiplies (its input B).
_FACTOR_BITS = 18

_NO_STAGES = "FINN runs all layers for every input"

NO_LAYER: dict[type[Op], str] = {
    Add: "FINN adds streams in HLS only",
    Concat: "FINN joins streams in HLS only",
    Select: "FINN splits streams in HLS only",
    Repeat: "FINN repeats positions in HLS only",
    Transpose: "no layer of FINN's is made of it",
    Table: "FINN has tables in HLS only",
    Softmax: "FINN has a softmax of floats only",
    Chosen: _NO_STAGES,
    Confident: _NO_STAGES,
    Gate: _NO_STAGES,
    Decide: _NO_STAGES,
}
"""Kinds of nodes that FINN has no RTL for on these devices, and why."""


def lowered(graph: Graph) -> Chain:
    """The chain of layers of a graph of one input and one answer, a class left to the driver.

    Raises:
        ModelError: FINN has no RTL for a node, or none that is exact; names the first such node and why.
    """
    steps = _steps(graph)
    walk = _Walk(graph, steps)
    for index in range(1, len(steps)):
        walk.take(index)
    return walk.chain()


def _steps(graph: Graph) -> list[Node]:
    """The nodes in a row, without the class at the end.

    Raises:
        ModelError: a node that FINN has no RTL for, or a branch.
    """
    for node in graph:
        if type(node.op) in NO_LAYER:
            raise refusal(node, NO_LAYER[type(node.op)])
        if isinstance(node.op, Reduce) and node.op.kind == "max":
            raise refusal(node, "FINN takes the greatest of a window in HLS only")
        if len(takers := graph.takers(node.name)) > 1:
            raise refusal(takers[1], f"the network branches at {node.name}, and FINN copies streams in HLS only")
    start = graph[graph.sole_input]
    steps = [start]
    while takers := graph.takers(steps[-1].name):
        steps.append(takers[0])
    _must_end_there(graph, steps)
    return steps[:-1] if isinstance(steps[-1].op, ArgMax) else steps


def _must_end_there(graph: Graph, steps: Sequence[Node]) -> None:
    *inner, last = steps
    ends = {last.name} | ({inner[-1].name} if inner and isinstance(last.op, ArgMax) else set())
    for output in graph.outputs:
        if output.node not in ends:
            raise refusal(
                graph[output.node], "the network answers with it and goes on, and FINN copies streams in HLS only"
            )
    for node in inner:
        if isinstance(node.op, ArgMax):
            raise refusal(node, "FINN looks for the greatest in HLS only; at the end the driver does it")


def refusal(node: Node, why: str) -> ModelError:
    """The one line for a node that FINN's RTL does not compute."""
    return ModelError(f"node {node.name} ({type(node.op).__name__}): {why}; {OTHER_FLOW}")


class _Walk:
    """The layers so far, and how the tensor behind them is held.

    Attributes:
        low, high: of what is held, of all channels.
        shift: the graph's value less the held one; `offset` instead behind a product, shape (outputs,).
        shape: of the tensor behind the last layer.
    """

    def __init__(self, graph: Graph, steps: Sequence[Node]) -> None:
        self.graph, self.steps = graph, steps
        self.layers: list[Layer] = []
        kind = graph.types[steps[0].name]
        self.low, self.high, self.shift = kind.element.low, kind.element.high, 0
        self.offset: Integers | None = None
        self.input, self.shape = self._kind, kind.shape
        if self._fill(0):
            self._identity(0)

    def take(self, index: int) -> None:
        """Add the layers of a step."""
        node = self.steps[index]
        op = node.op
        if self.offset is not None and not isinstance(op, Threshold | Reshape):
            self._identity(index - 1)
        if self.offset is None:
            self.shape = self.graph.types[self.steps[index - 1].name].shape
        if isinstance(op, Window):
            self._window(node, op)
        elif isinstance(op, Linear):
            self._product(index, full_weights(op.weights, op.groups, op.taps), op.bias)
        elif isinstance(op, Reduce):
            channels = self.graph.types[node.name].channels
            ones = np.ones((op.taps, channels), np.int64)
            self._product(index, full_weights(ones, channels, op.taps), np.zeros(channels, np.int64))
        elif isinstance(op, Threshold):
            self._threshold(index, op)

    def chain(self) -> Chain:
        """What has been made.

        Raises:
            ModelError: it does not end in what the network answers.
        """
        last = self.steps[-1]
        if self.offset is not None and self.offset.any():
            raise refusal(last, "has a bias, and no thresholds follow that could hold it; train it without")
        if not self.layers or not isinstance(self.layers[-1], Product | Levels):
            raise refusal(last, "the network ends in it; FINN's chains end in sums or thresholds")
        if isinstance(self.layers[-1], Product):
            self.layers[-1] = replace(self.layers[-1], kind=_in_bytes(self.layers[-1].kind))
        return Chain(self.input, tuple(self.layers))

    @property
    def _kind(self) -> str:
        return held_as(self.low, self.high)

    def _after(self, index: int) -> Op | None:
        """What takes a step's tensor, whatever its shape; None behind the last."""
        return next((step.op for step in self.steps[index + 1 :] if not isinstance(step.op, Reshape)), None)

    def _fill(self, index: int) -> int:
        """What a step's tensor is padded with; 0 where it is not."""
        after = self._after(index)
        return after.fill if isinstance(after, Window) and after.padded else 0

    def _window(self, node: Node, op: Window) -> None:
        if len(self.shape) not in (2, 3):
            raise refusal(node, f"windows over {len(self.shape) - 1} axes; FINN's have one or two")
        size, channels = _two(self.shape[:-1], 1), self.shape[-1]
        if op.padded:
            if op.fill != self.shift:
                raise refusal(node, f"pads with {op.fill}, where FINN's zeros stand for {self.shift}")
            # The padding is one of the values.
            self.low, self.high = min(self.low, 0), max(self.high, 0)
            padding = Padding(node.name, self._kind, size, channels, (*_two(op.before, 0), *_two(op.after, 0)))
            self.layers.append(padding)
            size = padding.padded
        if op.taps > 1 or max(op.stride) > 1:
            kernel, stride, dilation = (_two(values, 1) for values in (op.kernel, op.stride, op.dilation))
            windows = Windows(node.name, self._kind, size, channels, kernel, stride, dilation).restful
            must_be_generated(node, windows)
            self.layers.append(windows)

    def _product(self, index: int, weights: Integers, bias: Integers) -> None:
        node, after, source = self.steps[index], self._after(index), self._kind
        if isinstance(after, Threshold) and after.step < 0:
            weights, bias = -weights, -bias
        if bits_of(source) + (self.low >= 0) > _FACTOR_BITS:
            raise refusal(node, f"activations of {bits_of(source)} bits, which a DSP slice does not multiply")
        if np.abs(weights).sum(0).max() * max(abs(self.low), abs(self.high)) + 1 >= EXACT_FLOAT32:
            raise refusal(node, "sums of more than 24 bits, which FINN does not hold exactly; use narrower weights")
        up, down = np.maximum(weights, 0).sum(0), np.minimum(weights, 0).sum(0)
        low, high = (up * self.low + down * self.high).min(), (up * self.high + down * self.low).max()
        self.offset, self.shift = bias + self.shift * weights.sum(0), 0
        # One more than the greatest is the threshold that is never reached.
        self.low, self.high, self.shape = int(low), int(high) + 1, self.graph.types[node.name].shape
        self.layers.append(Product(node.name, self._kind, source, weights, _positions(node, self.shape)))

    def _threshold(self, index: int, op: Threshold) -> None:
        table, least = op.table, op.least
        if op.step < 0:
            if self.offset is None:
                raise refusal(self.steps[index], "falls, and no product before it could be turned round")
            # The sums are turned round: x >= t is now not -x >= 1 - t.
            table, least = 1 - table[:, ::-1], least + op.step * op.levels
        self._levels(index, np.repeat(table, abs(op.step), axis=1), least)

    def _identity(self, index: int) -> None:
        """Thresholds that yield what comes in, held as the next step wants it."""
        kind = self.graph.types[self.steps[index].name].element
        if kind.high - kind.low > _MOST_VALUES:
            raise refusal(self.steps[index], "no quantiser follows it, and it has more values than a byte")
        self._levels(index, np.arange(kind.low + 1, kind.high + 1)[None], kind.low)

    def _levels(self, index: int, table: Integers, least: int) -> None:
        """Thresholds of the graph's values as thresholds of the held ones."""
        node = self.steps[index]
        channels = self.shape[-1]
        if len(table) not in (1, channels):
            raise refusal(node, f"{len(table)} rows of thresholds, where {channels} channels come out of the product")
        if table.shape[1] > _MOST_LEVELS:
            raise refusal(node, f"{table.shape[1]} thresholds a channel; quantise to 8 bits at most")
        summed, source = self.offset is not None, self._kind
        # Thresholds beyond the values that come in are reached always or never.
        low, never = self.low, self.high if summed else self.high + 1
        table = table - (self.offset if self.offset is not None else np.full(1, self.shift))[:, None]
        self.shift, self.offset = self._fill(index), None
        last = index == len(self.steps) - 1
        table, least = _filled_up(table.clip(low, never), least - self.shift, low, never, whole_bytes=last)
        limits = source if summed else held_as(low, never)
        self.low, self.high = least, least + table.shape[1]
        positions = _positions(node, self.shape)
        self.layers.append(Levels(node.name, self._kind, source, limits, table, least, channels, positions, self.shift))


def full_weights(weights: Integers, groups: int, taps: int) -> Integers:
    """Weights of a product in groups as those of a whole one, shape (inputs, outputs): zeros between the groups."""
    if groups == 1:
        return weights
    own, outputs = len(weights) // taps, weights.shape[1]
    whole = np.zeros((taps, groups, own, outputs), np.int64)
    group = np.arange(outputs) // (outputs // groups)
    whole[:, group, :, np.arange(outputs)] = weights.reshape(taps, own, outputs).transpose(2, 0, 1)
    return whole.reshape(-1, outputs)


def _filled_up(table: Integers, least: int, low: int, never: int, *, whole_bytes: bool) -> tuple[Integers, int]:
    """More thresholds, always or never reached, so that FINN's search has as many steps as the result has bits.

    FINN takes the one for the other where it numbers its files of thresholds.
    """
    if least > 0:
        table, least = np.concatenate([np.full((len(table), least), low), table], axis=1), 0
    kind = held_as(least, least + table.shape[1])
    bits = bits_of(_in_bytes(kind) if whole_bytes else kind)
    missing = np.full((len(table), max(0, 2 ** (bits - 1) - table.shape[1])), never)
    return np.concatenate([table, missing], axis=1), least


def _in_bytes(kind: str) -> str:
    """The type with whole bytes, as FINN's DMA takes them."""
    return f"{kind.rstrip('0123456789')}{-(-bits_of(kind) // 8) * 8}"


def must_be_generated(node: Node, windows: Windows) -> None:
    """Refuse windows that FINN's generator cannot make, or makes wrong."""
    axes = ("rows", "columns"), windows.size, windows.extent, windows.stride, windows.positions
    for name, size, extent, stride, positions in zip(*axes, strict=True):
        if stride > extent and windows.kernel != (1, 1):
            raise refusal(node, f"leaves out {name} between its windows, which FINN's generator does not")
        if 2 * (extent + (positions - 1) * stride) <= size:
            raise refusal(node, f"leaves out half of its {name}, which FINN's generator does not")
    if math.prod(windows.kernel) <= 2 and windows.positions in ((1, 1), (1, 2)):
        raise refusal(node, "makes one or two windows of one or two taps, and FINN's generator counts more")


def _two(values: Sequence[int], blank: int) -> tuple[int, int]:
    """Height and width; of one axis the width."""
    return (values[0], values[1]) if len(values) == 2 else (blank, values[0])


def _positions(node: Node, shape: Sequence[int]) -> tuple[int, ...]:
    """Height and width of a tensor; () of a row."""
    if len(shape) > 3:
        raise refusal(node, f"a tensor of {len(shape)} axes; FINN's layers have three at most")
    return () if len(shape) == 1 else _two(shape[:-1], 1)
