"""Sums of two tensors: one unit for both, by whole factors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Add
from toolchain.graph.readers.qonnx.attributes import name_of, where
from toolchain.graph.readers.qonnx.layout import in_order, laid_out
from toolchain.graph.readers.qonnx.settle import settled
from toolchain.graph.readers.qonnx.steps import ROOT, Executor, Reals
from toolchain.graph.readers.qonnx.values import Pending, Summand, Wire
from toolchain.graph.types import Integers

# Whole factors up to this count as small: the sum is exact.
_SMALL = 2**12
# Factors where the units have no such ratio; a quantiser behind the sum takes the difference in, proved on all pairs.
_WIDE = 2**28
# Greatest sum.
_MOST = 2**52


def add(executor: Executor, node: NodeProto, first: Pending, second: Pending) -> Pending:
    """The sum, or difference, of two tensors.

    Raises:
        ModelError: shapes differ, or one is no whole multiple of a unit; names the node and the mend.
    """
    if first.shape != second.shape:
        raise ModelError(f"{where(node)}: shapes {first.shape} and {second.shape} differ; only equal ones are added")
    name = name_of(node)
    second = laid_out(second, first.layout, name)
    if not _same_order(first, second):
        first, second = in_order(first, name), in_order(second, name)
    signs = (1, -1 if node.op_type == "Sub" else 1)
    parts = [_settled(executor, node, value) for value in (first, second)]
    units = [sign * part.unit for sign, part in zip(signs, parts, strict=True)]
    factors, unit, exact = common_unit(units[0], units[1])
    return _added(node, (first, second), parts, signs, factors, unit, exact and parts[0].exact and parts[1].exact)


def _settled(executor: Executor, node: NodeProto, value: Pending) -> Pending:
    found = settled(executor, value, name_of(node))
    if found is None:
        raise ModelError(f"{where(node)}: a summand is a function that has no unit; quantise it before the sum")
    return found


def _same_order(first: Pending, second: Pending) -> bool:
    if first.order is None or second.order is None:
        return first.order is second.order
    return np.array_equal(first.order, second.order)


def _added(
    node: NodeProto,
    given: tuple[Pending, Pending],
    parts: list[Pending],
    signs: tuple[int, int],
    factors: list[Integers],
    unit: Reals,
    exact: bool,
) -> Pending:
    single = all(f.size == 1 for f in factors)
    wires = [p.wire if single else p.wire.scaled(f) for p, f in zip(parts, factors, strict=True)]
    op = Add(tuple(int(f[0]) for f in factors) if single else (1, 1))
    bias = parts[0].bias + signs[1] * parts[1].bias
    wire = _checked(node, wires[0], op, wires[1])
    summands = tuple(
        _summand(value, part, factor, sign)
        for value, part, factor, sign in zip(given, parts, factors, signs, strict=True)
    )
    return Pending(wire, unit, bias, parts[0].layout, ROOT, parts[0].order, summands, exact)


def _checked(node: NodeProto, first: Wire, op: Add, second: Wire) -> Wire:
    wire = first.then(name_of(node), op, second)
    if wire.type.magnitude.max() >= _MOST:
        raise ModelError(f"{where(node)}: the sum needs more than 53 bits; give both summands scales of a small ratio")
    return wire


def _summand(value: Pending, part: Pending, factor: Integers, sign: int) -> Summand:
    """As the executor computes it: by its own steps where its integers are the same still, or else by its unit."""
    kind = part.wire.type
    if part.wire is value.wire:
        return Summand(kind, value.unit, value.bias, value.tree, factor, sign)
    return Summand(kind, part.unit, part.bias, ROOT, factor, sign)


def common_unit(first: Reals, second: Reals) -> tuple[list[Integers], Reals, bool]:
    """Whole factors of two units, each (channels or 1,), of their signs; the common unit; and whether it is exact."""
    first, second = np.broadcast_arrays(first, second)
    pairs = [_ratio(float(a), float(b)) for a, b in zip(first, second, strict=True)]
    factors = [np.array([pair[place] for pair in pairs], np.int64) for place in (0, 1)]
    unit = np.abs(first) / np.abs(factors[0])
    return factors, unit, all(pair[2] for pair in pairs)


def _ratio(first: float, second: float) -> tuple[int, int, bool]:
    """Whole factors of one channel."""
    signs = (1 if first > 0 else -1, 1 if second > 0 else -1)
    a, b = Fraction(abs(first)), Fraction(abs(second))
    ratio = a / b
    near = ratio.limit_denominator(_SMALL)
    if 0 < near.numerator <= _SMALL and near == ratio:
        return signs[0] * near.numerator, signs[1] * near.denominator, True
    most = max(a, b)
    wide = [max(1, round(_WIDE * v / most)) for v in (a, b)]
    return signs[0] * wide[0], signs[1] * wide[1], False
