"""What lets a network stop early: what the kinds become. `toolchain.runtime.lazy` then lets later parts idle."""

from __future__ import annotations

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.ops import Chosen, Confident, Decide, Gate
from toolchain.graph.ops.staged import Flag
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region

CONFIDENT, CHOSEN, DECIDED = "_confident", "_width", "_decided"
"""What the names of comparisons with a threshold, and of choices, end in; behind `CHOSEN` stands a percent."""

_FLAG, _SINGLE = np.dtype(np.bool_), np.dtype(np.float32)


def chosen(maker: Maker, region: Region) -> Held:
    """Whether the network ends at this width: a flag of shape (rows, 1), by a lead of 0 in every row."""
    op = region.core.op
    assert isinstance(op, Chosen)
    held = maker.values(region.inputs[0])
    flat = maker.add("Flatten", [held.name], f"{region.name}_flat", axis=1)
    first = maker.constant(np.array([0], np.int64), "place0")
    one = maker.add("Gather", [flat, first], f"{region.name}_first", axis=1)
    kind = max(held.kind, _SINGLE, key=lambda k: k.itemsize)
    one = maker.cast(one, held.kind, kind)
    lead = maker.add("Sub", [one, one], f"{region.name}_lead")
    return _compared(maker, region, lead, kind, f"{CHOSEN}{op.width}")


def confident(maker: Maker, region: Region) -> Held:
    """The two greatest scores, and whether they are as far apart: a flag of shape (rows, 1)."""
    (name,) = region.inputs
    assert isinstance(region.core.op, Confident)
    held = maker.values(name)
    two = maker.constant(np.array([2], np.int64), "two")
    greatest = maker.add("TopK", [held.name, two], f"{region.name}_greatest", axis=1)
    maker.sheet.unused(f"{region.name}_places")
    first, second = (
        maker.add(
            "Gather", [greatest, maker.constant(np.array([i], np.int64), f"place{i}")], f"{region.name}_{i}", axis=1
        )
        for i in range(2)
    )
    lead = maker.add("Sub", [first, second], f"{region.name}_lead")
    kind = max(held.kind, _SINGLE, key=lambda k: k.itemsize)
    return _compared(maker, region, maker.cast(lead, held.kind, kind), kind, CONFIDENT)


def _compared(maker: Maker, region: Region, lead: str, kind: np.dtype, ending: str) -> Held:
    op = region.core.op
    assert isinstance(op, Flag)
    if maker.style.pairs:
        raise ModelError(f"{maker.style.name}: a network that decides how much to compute is not made for TensorRT")
    # A constant of its own: it is what a person may change.
    margin = maker.sheet.own_constant(np.asarray([op.margin], kind), f"{region.name}_threshold")
    return Held(maker.add("GreaterOrEqual", [lead, margin], f"{region.name}{ending}"), _FLAG)


def gate(maker: Maker, region: Region) -> Held:
    """The tensor as it is."""
    assert isinstance(region.core.op, Gate)
    return maker.held[region.inputs[0]]


def decide(maker: Maker, region: Region) -> Held:
    """The confident scores with their number behind them, or else the later answer."""
    op, (flag, scores, later) = region.core.op, region.inputs
    assert isinstance(op, Decide)
    kind = maker.real(region.name, int(maker.type(region.name).magnitude.max()))
    yes = maker.held[flag].name
    own = _numbered(maker, region.name, _in(maker, scores, kind), yes, op.own, kind)
    other = _in(maker, later, kind)
    if op.other is not None:
        other = _numbered(maker, f"{region.name}_last", other, yes, op.other, kind)
    return Held(maker.add("Where", [yes, own, other], f"{region.name}{DECIDED}"), kind)


def _in(maker: Maker, name: str, kind: np.dtype) -> str:
    held = maker.values(name)
    return maker.cast(held.name, held.kind, kind)


def _numbered(maker: Maker, name: str, scores: str, flag: str, number: int, kind: np.dtype) -> str:
    """Scores and a number, in as many rows as the flag has."""
    nothing = maker.add("Mul", [maker.cast(flag, _FLAG, kind), maker.number(0, kind)], f"{name}_nothing")
    column = maker.add("Add", [nothing, maker.number(number, kind)], f"{name}_number")
    return maker.add("Concat", [scores, column], f"{name}_numbered", axis=1)
