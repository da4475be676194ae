"""What a network says: outputs as scaled integers, classes, and what is left for the tail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.labelling import is_first
from toolchain.graph.ops import ArgMax
from toolchain.graph.readers.qonnx import elementwise, moves, pools
from toolchain.graph.readers.qonnx.attributes import attributes_of, name_of, where
from toolchain.graph.readers.qonnx.layout import channels_at, in_order
from toolchain.graph.readers.qonnx.slopes import line
from toolchain.graph.readers.qonnx.steps import ROOT, Executor
from toolchain.graph.readers.qonnx.values import Pending
from toolchain.graph.types import Integers

CLOSING = frozenset({"ArgMax", "TopK", "Softmax", "LogSoftmax", "Hardmax"})
"""Operators that end a network."""

TAIL = CLOSING | elementwise.OPERATORS | moves.OPERATORS | pools.WHOLE | {"Concat"}
"""Operators of ONNX that may stand behind one of `CLOSING`."""

SOFTMAX_UNIT = 2.0**-10
"""A Softmax in float32 keeps the order of scores that lie this far apart."""

# Values that are compared one by one; of more as many.
_COMPARED = 2**18


@dataclass(frozen=True)
class Late:
    """A tensor that the tail makes.

    Attributes:
        softmax_of: what it is a Softmax of, where it is no more than that.
    """

    maker: NodeProto
    softmax_of: Pending | None = None


@dataclass(frozen=True)
class Label:
    """A class, as a tensor of the graph.

    Attributes:
        shape: as the file has it, without the batch.
    """

    value: Pending
    shape: tuple[int, ...]


@dataclass
class Closing:
    """What stands behind the last integers."""

    executor: Executor
    constants: Mapping[str, NDArray[Any]]
    nodes: list[NodeProto] = field(default_factory=list)

    def close(self, node: NodeProto, given: list[Pending | Late | Label], used: set[str]) -> Late | Label:
        """A node of `TAIL` on what comes in.

        Args:
            used: tensors that other nodes or the file's outputs take.

        Raises:
            ModelError: the node has no place behind the end.
        """
        if node.domain or node.op_type not in TAIL:
            raise ModelError(f"{where(node)}: follows the network's end; leave it out, or put it before")
        first = given[0]
        if node.op_type in {"ArgMax", "TopK"} and (label := self._label(node, first, used)) is not None:
            return label
        self.nodes.append(node)
        return Late(node, first if node.op_type == "Softmax" and isinstance(first, Pending) else None)

    def _label(self, node: NodeProto, given: Pending | Late | Label, used: set[str]) -> Label | None:
        """As a node of the graph, where the integers tell apart what the scores do, and in the same order."""
        scores = given.softmax_of if isinstance(given, Late) else given
        if not isinstance(scores, Pending) or (node.op_type == "TopK" and node.output[0] in used):
            return None
        rank = len(scores.shape) + 1
        said = attributes_of(node)
        axis = int(said.get("axis", 0 if node.op_type == "ArgMax" else -1)) % rank
        if not is_first(node, self.constants) or axis == 0:
            return None
        found = ordered_scores(self.executor, channels_at(scores, axis, name_of(node)))
        if found is None or (isinstance(given, Late) and float(found.unit[0]) < SOFTMAX_UNIT):
            return None
        found = in_order(found, name_of(node))
        kept = node.op_type == "TopK" or said.get("keepdims", 1)
        shape = tuple(1 if a == axis else n for a, n in enumerate(scores.shape, 1) if kept or a != axis)
        layout = tuple(a for a in found.layout)
        return Label(Pending(found.wire.then(name_of(node), ArgMax()), np.ones(1), np.zeros(1), layout), shape)


def ordered_scores(executor: Executor, value: Pending) -> Pending | None:
    """Scores as integers in the same order, with equal ones where scores are equal; None where there are none."""
    found = prepared(executor, value)
    straight = line(found.tree)
    if straight is None or found.unit.size > 1 or found.bias.size > 1 or not found.exact or not found.alike:
        return None
    low, high = int(found.type.low.min()), int(found.type.high.max())
    points = np.unique([low, min(low + 1, high), max(high - 1, low), high])[:, None]
    ends = executor.run(found.tree, found.floats(points)).astype(np.float64).ravel()
    scale = float(found.unit[0] * straight[0].ravel()[0])
    apart = np.diff(ends) / np.maximum(np.diff(points.ravel()), 1)
    if scale <= 0 or not np.isfinite(ends).all() or (apart.size and (np.abs(apart - scale) > scale / 4).any()):
        return None
    return replace(found, unit=np.full(1, scale))


def prepared(executor: Executor, value: Pending) -> Pending:
    """A tensor on its way out: biases in whole units, straight lines in the unit, where that changes nothing."""
    value = _whole_bias(value)
    if value.is_bare or not value.alike or value.summands:
        return value
    if (straight := line(value.tree)) is None or float(straight[0].ravel()[0]) <= 0:
        return value
    factor, offset = (float(v.ravel()[0]) for v in straight)
    bare = replace(value, unit=value.unit * factor, bias=value.bias * factor + offset, tree=ROOT)
    points = _points(value)
    same = np.array_equal(executor.run(value.tree, value.floats(points)), bare.floats(points))
    return _whole_bias(bare) if same else value


def _whole_bias(value: Pending) -> Pending:
    units = value.bias / value.unit
    whole = np.rint(units)
    if not value.bias.any() or (np.abs(whole) >= 2.0**40).any() or not np.array_equal(whole * value.unit, value.bias):
        return value
    # What adds a bias to a tensor that stands already costs more than one number at the end.
    if value.bias.size == 1 and value.unit.size == 1:
        return value
    ones = np.ones(1, np.int64)
    return replace(value, wire=value.wire.scaled(ones, whole.astype(np.int64)), bias=np.zeros(1), summands=())


def _points(value: Pending) -> Integers:
    low, high = int(value.type.low.min()), int(value.type.high.max())
    count = min(high - low + 1, _COMPARED)
    return np.unique(np.linspace(low, high, count).astype(np.int64))[:, None]
