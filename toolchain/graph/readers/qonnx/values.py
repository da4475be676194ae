"""What a tensor of the file is while the graph is read: integers of the graph, their unit, and the steps since."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.model_file import Floats
from toolchain.graph.ops import Input, Linear, Op
from toolchain.graph.readers.qonnx.steps import ROOT, Parameter, Reals, Root, Tree, indexed, parameters_of
from toolchain.graph.types import Integers, TensorType

Order = NDArray[np.intp]

MOST_ELEMENTS = 2**28
"""Elements of the largest tensor that a network may have, the batch not counted."""

# Greater factors would make weights much wider; they get a node of their own.
_FOLDED = 256


class Wire:
    """A tensor of the integer graph. Its node enters the graph when something takes it, and may change until then."""

    def __init__(self, graph: Graph, name: str, op: Op, inputs: tuple[str, ...]) -> None:
        self._graph, self.name, self.op, self.inputs, self._entered = graph, name, op, inputs, False
        try:
            self.type: TensorType = op.result(*(graph.types[i] for i in inputs))
        except ModelError as error:
            raise ModelError(f"node {name}: {error}") from error
        if self.type.size > MOST_ELEMENTS:
            raise ModelError(f"node {name}: {self.type.size:,} elements; {MOST_ELEMENTS:,} at most; use smaller inputs")

    def taken(self) -> str:
        """The name of the node, which is in the graph from now on."""
        if not self._entered:
            # Another may have taken the name since: two inputs of one node, moved for it alike.
            self.name = self.name if isinstance(self.op, Input) else free_name(self._graph, self.name)
            if self.name not in self._graph:
                self._graph.add(self.name, self.op, *self.inputs)
            self._entered = True
        return self.name

    def then(self, name: str, op: Op, *others: Wire) -> Wire:
        """A node behind this one and others."""
        inputs = (self.taken(), *(other.taken() for other in others))
        return Wire(self._graph, free_name(self._graph, name), op, inputs)

    def scaled(self, factors: Integers, bias: Integers | None = None) -> Wire:
        """Each channel times a whole number, and a bias more: in the weights where that can still be.

        Args:
            factors: shape (channels or 1,); `bias`: the same.
        """
        factors = np.broadcast_to(factors, self.type.channels)
        added = np.broadcast_to(0 if bias is None else bias, self.type.channels)
        if (factors == 1).all() and not added.any():
            return self
        small = np.abs(factors).max() <= _FOLDED
        if isinstance(self.op, Linear) and not self._entered and small:
            changed = replace(self.op, weights=self.op.weights * factors, bias=self.op.bias * factors + added)
            return Wire(self._graph, self.name, changed, self.inputs)
        each = Linear(factors[None], added, groups=len(factors))
        return self.then(f"{self.name}_scaled", each)


def free_name(graph: Graph, name: str) -> str:
    """The name, with a number behind it where it is taken."""
    tried, number = name, 1
    while tried in graph:
        number += 1
        tried = f"{name}_{number}"
    return tried


@dataclass(frozen=True)
class Summand:
    """One of the tensors whose scaled sum a wire holds, as the executor computes it.

    Attributes:
        factor: of its integers in the wire, shape (channels or 1,), negative in a difference.
        sign: -1 where the executor subtracts it.
        type: of its integers, before the factor.
    """

    type: TensorType
    unit: Reals
    bias: Reals
    tree: Tree
    factor: Integers
    sign: int = 1

    def indexed(self, index: Order, kind: TensorType) -> Summand:
        """Of channels by number."""
        parts = {name: at(getattr(self, name), index) for name in ("unit", "bias", "factor")}
        return replace(self, type=kind, tree=indexed(self.tree, index), **parts)


@dataclass(frozen=True)
class Pending:
    """A tensor of the file: ``tree(unit * integer + bias)`` of each element of a wire.

    Attributes:
        unit, bias: shape (channels,) in the graph's order, or (1,) for all.
        tree: the elementwise nodes since.
        layout: for each axis of the graph's tensor, the file's axis, which counts from 1 behind the batch.
        order: for each channel of the graph the file's index on that axis; None where they are the same.
        summands: where the wire is a sum whose float value depends on how it came about.
        exact: whether the integers are the tensor's values but for the executor's rounding; not where the units of
            summands have no whole ratio, and a quantiser has to follow that takes the difference in.
    """

    wire: Wire
    unit: Reals
    bias: Reals
    layout: tuple[int, ...]
    tree: Tree = ROOT
    order: Order | None = None
    summands: tuple[Summand, ...] = field(default=())
    exact: bool = True

    @property
    def type(self) -> TensorType:
        """Type of the integers."""
        return self.wire.type

    @property
    def shape(self) -> tuple[int, ...]:
        """As the file has it, without the batch."""
        sizes = dict(zip(self.layout, self.type.shape, strict=True))
        return tuple(sizes[axis] for axis in sorted(sizes))

    @property
    def is_bare(self) -> bool:
        """Whether no steps came since."""
        return isinstance(self.tree, Root)

    @property
    def alike(self) -> bool:
        """Whether all channels are treated alike, whatever integers they hold."""
        same = self.unit.size == 1 and self.bias.size == 1 and not any(p.along for p in parameters_of(self.tree))
        return same and all(s.unit.size == s.bias.size == s.factor.size == 1 for s in self.summands)

    def floats(self, integers: Integers) -> Floats:
        """What integers of shape (rows, channels) stand for, before the steps."""
        values: Floats = (integers * self.unit + self.bias).astype(np.float32)
        return values

    def with_tree(self, tree: Tree) -> Pending:
        """The same integers with other steps behind them."""
        return replace(self, tree=tree)

    def on(self, wire: Wire, index: Order | None = None, **changes: Any) -> Pending:
        """The same on a wire that only moved.

        Args:
            index: for each of the wire's channels the one that it came from; None where they stayed.
        """
        if index is None or self.alike:
            return replace(self, wire=wire, **changes)
        moved = {name: at(getattr(self, name), index) for name in ("unit", "bias")}
        summands = tuple(s.indexed(index, _types(s.type, index)) for s in self.summands)
        return replace(self, wire=wire, tree=indexed(self.tree, index), summands=summands, **moved, **changes)


def _types(kind: TensorType, index: Order) -> TensorType:
    return TensorType((len(index),), kind.low[index], kind.high[index], kind.step)


def at(values: Any, index: Order) -> Any:
    """Of an array that has one entry a channel, or one for all."""
    return values if len(values) == 1 else values[index]


def origins(op: Op, x: TensorType) -> NDArray[np.intp]:
    """For each element of a moved tensor the channel that it came from, shape of the result."""
    channels = np.broadcast_to(np.arange(x.channels), x.shape)[None]
    return np.asarray(op.run(np.ascontiguousarray(channels))[0], np.intp)


def moved(value: Pending, name: str, op: Op, layout: tuple[int, ...], order: Order | None = None) -> Pending:
    """Behind a node that moves elements.

    Raises:
        ModelError: channels that are treated differently come to lie on one.
    """
    index: Order | None = None
    if not value.alike:
        came = origins(op, value.type).reshape(-1, op.result(value.type).channels)
        if not (came == came[:1]).all():
            raise ModelError(
                f"node {name}: mixes channels of different scales or biases; put a quantiser of one scale before it"
            )
        index = came[0]
    return value.on(value.wire.then(name, op), index, layout=layout, order=order)


def scalar(value: float) -> Reals:
    """One number for all channels."""
    return np.full(1, value, np.float64)


def per_channel(value: Pending, values: NDArray[Any]) -> tuple[NDArray[Any], bool] | None:
    """A constant that broadcasts to a tensor, in the order of the graph's channels.

    Returns:
        (scalar, False), or (shape (channels,), True); None where it differs along another axis than the channels'.

    Raises:
        ModelError: it does not broadcast to the tensor without making it larger.
    """
    shape = (1, *value.shape)
    array = np.asarray(values)
    array = array.reshape((1,) * max(0, len(shape) - array.ndim) + array.shape)
    while array.ndim > len(shape) and array.shape[0] == 1:
        array = array[0]
    if array.ndim != len(shape) or any(a not in (1, s) for a, s in zip(array.shape, shape, strict=True)):
        raise ModelError(
            f"a constant of shape {values.shape} makes more of a tensor of shape {shape}; give it that shape"
        )
    channel = value.layout[-1]
    for axis in range(array.ndim):
        if array.shape[axis] > 1 and (axis != channel or (array == array.take([0], axis)).all()):
            if not (array == array.take([0], axis)).all():
                return None
            array = array.take([0], axis)
    if array.size == 1:
        return array.reshape(()), False
    flat = array.reshape(-1)
    return flat if value.order is None else flat[value.order], True


def parameter(value: Pending, values: NDArray[Any]) -> Parameter | None:
    """See `per_channel`."""
    found = per_channel(value, values)
    return None if found is None else Parameter(found[0], found[1])
