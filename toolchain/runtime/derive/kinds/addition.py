"""Sums of several tensors, and the thresholds behind them: what they become."""

from __future__ import annotations

from toolchain.graph.ops import Add
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.kinds import counts, residual
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region


def addition(maker: Maker, region: Region) -> Held:
    """The sum of factor * input, and the thresholds behind it."""
    if region.head is not None and (made := residual.made(maker, region)) is not None:
        return made
    values = _summed(maker, region)
    if region.head is None:
        return values
    return counts.of_values(maker, region, values, maker.type(region.core.name), region.head)


def _summed(maker: Maker, region: Region) -> Held:
    op, name = region.core.op, region.name
    assert isinstance(op, Add)
    constant, terms, largest = 0, [], 0
    for factor, source in zip(op.factors, region.inputs, strict=True):
        held = maker.paired(maker.floats(source) if maker.held[source].flat is None else maker.values(source), source)
        constant += factor * held.least
        terms.append((held, factor * held.unit))
        largest += abs(factor * held.unit) * int(held.largest(maker.type(source)).max())
    kind = maker.real(name, largest + abs(constant))
    current = ""
    for held, factor in terms:
        part = maker.cast(held.name, held.kind, kind)
        if factor != 1:
            part = maker.add("Mul", [part, maker.number(factor, kind)], f"{name}_times")
        current = part if not current else maker.add("Add", [current, part], f"{name}_sum")
    if constant:
        current = maker.add("Add", [current, maker.number(constant, kind)], f"{name}_constant")
    return Held(current, kind)
