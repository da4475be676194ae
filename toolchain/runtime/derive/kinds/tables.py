"""Tables, and the label of the greatest: what they become."""

from __future__ import annotations

import numpy as np

from toolchain.graph.ops import ArgMax, Table
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import Maker, channelwise
from toolchain.runtime.derive.regions import Region

_INDEX = np.dtype(np.int32)


def table(maker: Maker, region: Region) -> Held:
    """Any function of a small integer: a Gather at what is held."""
    op, (name,) = region.core.op, region.inputs
    assert isinstance(op, Table)
    held, source = maker.ordered(name), maker.type(name)
    low, high = (int(bound) for bound in (held.bounds(source)[0].min(), held.bounds(source)[1].max()))
    places = held.unit * np.arange(low, high + 1) + held.least - op.low
    rows = op.values[:, np.clip(places, 0, op.values.shape[1] - 1)]
    kind, unit, least = maker.packed(region.name)
    entries = _entries(rows, kind, unit, least)
    index = maker.cast(held.name, held.kind, _INDEX)
    starts = np.arange(len(rows)) * rows.shape[1] - low
    if starts.any():
        own = maker.constant(channelwise(starts, len(source.shape)).astype(_INDEX), f"{region.name}_rows")
        index = maker.add("Add", [index, own], f"{region.name}_index")
    found = maker.add("Gather", [maker.constant(entries, f"{region.name}_table"), index], f"{region.name}_found")
    return maker.paired(Held(found, kind, unit, least), region.name)


def _entries(rows: np.ndarray, kind: np.dtype, unit: int, least: int) -> np.ndarray:
    """Entries as they are held; those that no value reaches may be anything."""
    whole = (rows - least) // unit
    if kind == np.uint8:
        whole = np.clip(whole, 0, 255)
    return whole.reshape(-1).astype(kind)


def label(maker: Maker, region: Region) -> Held:
    """The channel of the greatest value, the first of equal ones."""
    assert isinstance(region.core.op, ArgMax)
    (name,) = region.inputs
    held = maker.floats(name) if maker.held[name].flat is None and maker.held[name].unit > 0 else maker.values(name)
    found = maker.add("ArgMax", [held.name], f"{region.name}_label", axis=1, keepdims=1)
    kind = maker.real(region.name, maker.type(name).channels)
    return Held(maker.cast(found, np.dtype(np.int64), kind), kind)
