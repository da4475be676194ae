"""Steps behind a tensor's integers turned into integers again, where a matrix product or a sum needs them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.graph.model_file import Floats
from toolchain.graph.ops import Table
from toolchain.graph.readers.qonnx.slopes import line
from toolchain.graph.readers.qonnx.steps import ROOT, Executor, Reals
from toolchain.graph.readers.qonnx.values import Pending
from toolchain.graph.types import Integers

# Values that a function of is tabled without a quantiser.
_MOST_VALUES = 2**16
# Whole numbers that a tabled function may yield, either side of zero.
_MOST_UNITS = 2**15


def settled(executor: Executor, value: Pending, name: str) -> Pending | None:
    """The same tensor without steps; None where its values are no whole numbers of a common unit.

    Args:
        name: of the node that takes it.
    """
    if value.is_bare:
        return value
    if (straight := line(value.tree)) is not None and not value.summands:
        return _straight(value, *straight)
    return _tabled(executor, value, name)


def _straight(value: Pending, factor: Reals, offset: Reals) -> Pending | None:
    """Of a straight line: another unit and another bias, and channels that fall turned round."""
    unit, bias = value.unit * factor, value.bias * factor + offset
    if not unit.all() or not np.isfinite(unit).all() or not np.isfinite(bias).all():
        return None
    turned = np.sign(unit).astype(np.int64)
    return replace(value, wire=value.wire.scaled(turned), unit=np.abs(unit), bias=bias, tree=ROOT)


def _tabled(executor: Executor, value: Pending, name: str) -> Pending | None:
    low, high = int(value.type.low.min()), int(value.type.high.max())
    if high - low >= _MOST_VALUES or value.summands:
        return None
    points = np.arange(low, high + 1, dtype=np.int64)[:, None]
    channels = 1 if value.alike else value.type.channels
    found = executor.run(value.tree, value.floats(np.broadcast_to(points, (len(points), channels))))
    if (unit := _unit(found, value.unit)) is None:
        return None
    whole = np.rint(found.astype(np.float64) / unit).astype(np.int64)
    kept = replace(value, unit=np.full(1, unit), bias=np.zeros(1), tree=ROOT)
    if np.array_equal(whole, np.broadcast_to(points, whole.shape)):
        return kept
    return replace(kept, wire=value.wire.then(f"{name}_table", Table(np.ascontiguousarray(whole.T), low)))


def _unit(values: Floats, own: Reals) -> float | None:
    """A unit that all values are small whole multiples of, in float32: the tensor's own, or their least difference."""
    reals = values.astype(np.float64)
    if not np.isfinite(reals).all():
        return None
    steps = np.diff(np.unique(reals))
    magnitudes = np.abs(reals[reals != 0])
    candidates = [*np.unique(own).tolist(), *(float(v.min()) for v in (steps, magnitudes) if v.size)]
    return next((unit for unit in candidates if unit and _fits(reals, unit)), None)


def _fits(values: Reals, unit: float) -> bool:
    with np.errstate(over="ignore"):
        whole: Integers | Reals = np.rint(values / unit)
    return bool(np.abs(whole).max() < _MOST_UNITS) and np.array_equal(
        (whole * unit).astype(np.float32), values.astype(np.float32)
    )
