"""Sums of several tensors, and the thresholds behind them: what they become."""

from __future__ import annotations

import numpy as np

from toolchain.graph.ops import Add
from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.kinds import counts, residual, tables
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region
from toolchain.runtime.derive.requantise import steps


def addition(maker: Maker, region: Region) -> Held:
    """The sum of factor * input, and the thresholds behind it."""
    if region.head is not None:
        made = residual.made(maker, region)
        if made is None and not _by_scale(maker, region):
            made = residual.looked_up(maker, region)
        if made is not None:
            return made
    for name, source, through in zip(region.core.inputs, region.inputs, region.through, strict=True):
        if through is not None and name not in maker.held:
            maker.held[name] = tables.table(maker, Region(maker.graph[name], None, None, (source,), name))
    region = residual.without_tables(region)
    values = _summed(maker, region)
    if region.head is None:
        return values
    return counts.of_values(maker, region, values, maker.type(region.core.name), region.head)


def _by_scale(maker: Maker, region: Region) -> bool:
    """Whether floats need no more than one multiplication."""
    head, kind = region.head, maker.type(region.core.name)
    if head is None or any(region.through) or kind.magnitude.max() > LIMITS[maker.style.real]:
        return False
    table = np.broadcast_to(head.table, (kind.channels, head.levels))
    return bool(steps(table, kind.low, kind.high).found.all())


def _summed(maker: Maker, region: Region) -> Held:
    op, name = region.core.op, region.name
    assert isinstance(op, Add)
    constant, terms, largest = 0, [], 0
    for factor, source in zip(op.factors, region.inputs, strict=True):
        held = maker.paired(maker.floats(source) if maker.held[source].flat is None else maker.values(source), source)
        most = int(held.largest(maker.type(source)).max())
        constant += factor * held.least
        terms.append((held, source, factor * held.unit))
        largest += abs(factor * held.unit) * most
    kind = maker.real(name, largest + abs(constant))
    current = ""
    for held, source, factor in terms:
        part = maker.times(held, source, factor, kind, f"{name}_times")
        current = part if not current else maker.add("Add", [current, part], f"{name}_sum")
    if constant:
        current = maker.add("Add", [current, maker.number(constant, kind)], f"{name}_constant")
    return Held(current, kind)
