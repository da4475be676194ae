"""Node kinds that move values: what they become."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from toolchain.graph.ops import Concat, Input, Linear, Repeat, Reshape, Select, Transpose, Window
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import BYTE, Maker, byte_shift
from toolchain.runtime.derive.regions import Region


def first(rank: int) -> list[int]:
    """Axes that bring a tensor of so many axes, without the batch, from channels last to channels first."""
    return [0, rank, *range(1, rank)]


def last(rank: int) -> list[int]:
    """Axes that bring it back."""
    return [0, *range(2, rank + 1), 1]


def source(maker: Maker, region: Region) -> Held:
    """An input: whole numbers in float32, channels last."""
    assert isinstance(region.core.op, Input)
    held = _entered(maker, region.name)
    rank = len(maker.type(region.name).shape)
    if rank > 1:
        held = replace(held, name=maker.add("Transpose", [held.name], f"{region.name}_first", perm=first(rank)))
    return maker.paired(held, region.name)


def _entered(maker: Maker, name: str) -> Held:
    element, style = maker.type(name).element, maker.style
    single = np.dtype(np.float32)
    if style.codes and element.high - element.low <= BYTE:
        zero = min(max(-element.low, 0), BYTE)
        shift = 0 if element.low + zero >= 0 and element.high + zero <= BYTE else element.low
        start, zero = _shifted(maker, name, shift), zero if not shift else 0
        parts = [start, maker.number(1, single), maker.constant(np.uint8(zero), "input_zero")]
        return Held(maker.add("QuantizeLinear", parts, f"{name}_codes"), np.dtype(np.uint8), 1, shift - zero)
    centre = byte_shift(element.low, element.high, maker.fill(name)) if style.pairs else None
    if centre is not None:
        return Held(_shifted(maker, name, centre), single, 1, centre)
    kind = maker.real(name, max(abs(element.low), abs(element.high)))
    return Held(maker.cast(name, single, kind), kind)


def _shifted(maker: Maker, name: str, shift: int) -> str:
    if not shift:
        return name
    return maker.add("Add", [name, maker.number(-shift, np.dtype(np.float32))], f"{name}_shifted")


def windows(maker: Maker, region: Region) -> Held:
    """A window that no sums take in: padding, then the taps side by side."""
    op = region.core.op
    assert isinstance(op, Window)
    (name,) = region.inputs
    return taps(maker, name, maker.ordered(name), op, region.name)


def taps(maker: Maker, name: str, held: Held, op: Window, hint: str) -> Held:
    """A tensor padded, and all taps of each position side by side among the channels."""
    held, sizes = padded(maker, name, held, op)
    parts = [_tap(maker, held.name, op, place, sizes, hint) for place in np.ndindex(*op.kernel)]
    return replace(held, name=_joined(maker, parts, hint))


def _joined(maker: Maker, parts: Sequence[str], name: str) -> str:
    return parts[0] if len(parts) == 1 else maker.add("Concat", parts, f"{name}_all", axis=1)


def _tap(maker: Maker, name: str, op: Window, place: Sequence[int], sizes: Sequence[int], hint: str) -> str:
    """What one tap sees at every position."""
    starts = [p * d for p, d in zip(place, op.dilation, strict=True)]
    extent = [(k - 1) * d + 1 for k, d in zip(op.kernel, op.dilation, strict=True)]
    ends = [s + (n - e) // t * t + 1 for s, n, e, t in zip(starts, sizes, extent, op.stride, strict=True)]
    if not any(starts) and ends == list(sizes) and set(op.stride) == {1}:
        return name
    axes = range(2, 2 + len(starts))
    words = [
        maker.constant(np.array(v, np.int64), hint + w)
        for v, w in zip((starts, ends, list(axes), op.stride), ("_from", "_to", "_axes", "_by"), strict=True)
    ]
    return maker.add("Slice", [name, *words], f"{hint}_tap")


def padded(maker: Maker, name: str, held: Held, op: Window) -> tuple[Held, list[int]]:
    """A tensor with its padding as elements, and its sizes along the spatial axes."""
    sizes = [n + b + a for n, b, a in zip(maker.type(name).shape[:-1], op.before, op.after, strict=True)]
    if not op.padded:
        return held, sizes
    whole, fill = divmod(op.fill - held.least, held.unit)
    if fill or (held.codes and not 0 <= whole <= BYTE):
        held, whole = maker.values(name), op.fill
    pads = maker.constant(np.array([0, 0, *op.before, 0, 0, *op.after], np.int64), "pads")
    parts = [held.name, pads, maker.number(whole, held.kind)]
    return replace(held, name=maker.add("Pad", parts, f"{name}_padded")), sizes


def repeat(maker: Maker, region: Region) -> Held:
    """Nearest-neighbour upsampling: an axis of its own for each repeat, which any type can do."""
    op, (name,) = region.core.op, region.inputs
    assert isinstance(op, Repeat)
    held, (*sizes, channels) = maker.ordered(name), maker.type(name).shape
    apart = [part for size in sizes for part in (size, 1)]
    repeats = [1, 1, *(part for by in op.by for part in (1, by))]
    current = _reshape(maker, held.name, [channels, *apart], f"{region.name}_apart")
    shape = maker.constant(np.array(repeats, np.int64), f"{region.name}_by")
    current = maker.add("Expand", [current, shape], f"{region.name}_expanded")
    together = [size * by for size, by in zip(sizes, op.by, strict=True)]
    return replace(held, name=_reshape(maker, current, [channels, *together], f"{region.name}_repeated"))


def _reshape(maker: Maker, name: str, shape: Sequence[int], hint: str) -> str:
    """Another shape behind the batch."""
    return maker.add("Reshape", [name, maker.constant(np.array([0, *shape], np.int64), f"{hint}_shape")], hint)


def concat(maker: Maker, region: Region) -> Held:
    """Channels side by side, all in the same units."""
    assert isinstance(region.core.op, Concat)
    parts = [maker.ordered(name) for name in region.inputs]
    if len({(part.kind, part.unit, part.least) for part in parts}) > 1:
        kind, unit, least = maker.packed(region.name)
        own = list(zip(parts, region.inputs, strict=True))
        floats = [maker.recoded(part, name, unit, least) for part, name in own]
        parts = [Held(maker.cast(part.name, part.kind, kind), kind, unit, least) for part in floats]
    return replace(parts[0], name=_joined(maker, [part.name for part in parts], region.name))


def select(maker: Maker, region: Region) -> Held:
    """Channels by number."""
    op = region.core.op
    assert isinstance(op, Select)
    held = maker.ordered(region.inputs[0])
    index = maker.constant(np.array(op.channels, np.int64), f"{region.name}_channels")
    return replace(held, name=maker.add("Gather", [held.name, index], f"{region.name}_selected", axis=1))


def transpose(maker: Maker, region: Region) -> Held:
    """Axes in another order: of channels first, by way of channels last."""
    op = region.core.op
    assert isinstance(op, Transpose)
    held, rank = maker.ordered(region.inputs[0]), len(op.order)
    if rank == 1:
        return held
    back = last(rank)
    turned = [0, *(axis + 1 for axis in op.order)]
    perm = [back[turned[axis]] for axis in first(rank)]
    return replace(held, name=maker.add("Transpose", [held.name], f"{region.name}_turned", perm=perm))


def reshape(maker: Maker, region: Region) -> Held:
    """The same elements in the same order: through channels last, unless dense layers can take them as they lie."""
    op, (name,) = region.core.op, region.inputs
    assert isinstance(op, Reshape)
    shape = maker.type(name).shape
    flat = len(op.shape) == 1
    if flat and len(shape) > 1 and (math.prod(shape[:-1]) == 1 or _only_dense(maker, region.name)):
        held = maker.ordered(name)
        current = maker.add("Flatten", [held.name], f"{region.name}_flat", axis=1)
        return replace(held, name=current, flat=None if math.prod(shape[:-1]) == 1 else shape)
    held = maker.ordered(name)
    current = held.name
    if len(shape) > 1:
        current = maker.add("Transpose", [current], f"{region.name}_last", perm=last(len(shape)))
    current = _reshape(maker, current, op.shape, f"{region.name}_shaped")
    if not flat:
        current = maker.add("Transpose", [current], f"{region.name}_first", perm=first(len(op.shape)))
    return replace(held, name=current)


def _only_dense(maker: Maker, name: str) -> bool:
    """Whether all that takes a tensor of one axis are dense layers, which can have their weights in any order."""
    if any(output.node == name for output in maker.graph.outputs):
        return False
    return all(isinstance(node.op, Linear) for node in maker.graph.takers(name))
