"""Operators that put tensors together and take them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Concat, Transpose
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import attributes
from toolchain.graph.readers.qdq.operators.moves import along, placed_axis, resized, taken
from toolchain.graph.readers.qdq.quantisers import quantiser_behind
from toolchain.graph.readers.qdq.values import Codes, Place, Real, Value, channels_last


def concat(b: Building, node: NodeProto) -> Value:
    """Concat: every part in the scheme of the quantiser behind it, where theirs differ."""
    values = [b.value(node, place) for place in range(len(node.input))]
    if values and all(isinstance(value, Codes) for value in values):
        schemes = [b.schemes.get(name) for name in node.input]
        if len(set(schemes)) > 1:
            raise ModelError("it puts codes of several scales together; dequantise them before")
        if schemes[0] is not None:
            b.schemes[node.output[0]] = schemes[0]
        return _joined(b, node, [value for value in values if isinstance(value, Codes)])
    reals = [b.real(node, place) for place in range(len(node.input))]
    to = _common(b, node, reals)
    return Real(_joined(b, node, [_as(b, node, real, to) for real in reals]), to)


def _common(b: Building, node: NodeProto, reals: Sequence[Real]) -> Scheme:
    first = reals[0].scheme
    if all(real.scheme == first and not real.steps for real in reals):
        return first
    to = quantiser_behind(b.model, node.output[0])
    if to is None:
        raise ModelError(
            "its parts have several scales, and nothing quantises them together; put QuantizeLinear behind it"
        )
    return to


def _as(b: Building, node: NodeProto, real: Real, to: Scheme) -> Codes:
    if real.scheme == to and not real.steps:
        return real.codes
    values = b.applied(real, to).astype(np.int64)
    low = real.scheme.ends[0]
    return Codes(real.place, lambda span: b.looked_up(node, real.codes.node(), values, low), to.ends)


def _joined(b: Building, node: NodeProto, parts: Sequence[Codes]) -> Codes:
    places = [part.place for part in parts]
    same = all(p.axes == places[0].axes and p.order is None for p in places)
    sources = [part.node() if same else b.last(node, part) for part in parts]
    place = places[0] if same else channels_last(places[0].shape)
    axis = placed_axis(place, int(attributes(node).get("axis", 0)))
    ranks = {len(p.shape) for p in places}
    if len(ranks) != 1:
        raise ModelError(f"tensors of {' and '.join(map(str, sorted(ranks)))} axes")
    size = sum(p.shape[place.axes[axis]] for p in places)
    return b.done(_along(b, node, axis, sources), resized(place, axis, size))


def _along(b: Building, node: NodeProto, axis: int, sources: Sequence[str]) -> str:
    last = len(b.type(sources[0]).shape) - 1
    if axis == last:
        return b.add(node, "", Concat(), *sources)
    order = list(range(last + 1))
    order[axis], order[last] = last, axis
    turn = Transpose(tuple(order))
    turned = [b.add(node, f"turn_{i}", turn, source) for i, source in enumerate(sources)]
    return b.add(node, "back", turn, b.add(node, "", Concat(), *turned))


def split(b: Building, node: NodeProto) -> list[Value]:
    """Split into parts of constant sizes."""
    codes, _, ended = taken(b, node)
    settings, count = attributes(node), len(node.output)
    axis, size = _axis(codes.place, int(settings.get("axis", 0)))
    sizes = b.whole(node, 1) if b.has(node, 1) else settings.get("split")
    if sizes is None:
        own = -(-size // count)
        sizes = [own] * (count - 1) + [size - own * (count - 1)]
    if len(sizes) != count or sum(sizes) != size or min(sizes) < 1:
        raise ModelError(f"{size} positions in parts of {list(sizes)}; {count} parts of 1 or more are expected")
    starts = np.cumsum([0, *sizes])
    return [
        ended(_part(b, node, f"part_{i}", codes, axis, range(int(starts[i]), int(starts[i + 1])))) for i in range(count)
    ]


def cut(b: Building, node: NodeProto) -> Value:
    """Slice of constant starts and ends."""
    codes, _, ended = taken(b, node)
    starts, ends = (b.whole(node, place) for place in (1, 2))
    axes = b.whole(node, 3) if b.has(node, 3) else list(range(len(starts)))
    steps = b.whole(node, 4) if b.has(node, 4) else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise ModelError(f"starts {starts}, ends {ends}, axes {axes}, steps {steps}")
    for place, (start, end, axis, step) in enumerate(zip(starts, ends, axes, steps, strict=True)):
        mine, size = _axis(codes.place, axis)
        which = range(size)[start:end:step]
        if not which:
            raise ModelError(f"{start} to {end} in steps of {step} leave nothing of {size} positions")
        codes = _part(b, node, f"axis_{place}", codes, mine, which)
    return ended(codes)


def _axis(place: Place, axis: int) -> tuple[int, int]:
    mine = placed_axis(place, axis)
    return mine, place.shape[place.axes[mine]]


def _part(b: Building, node: NodeProto, part: str, codes: Codes, axis: int, which: range) -> Codes:
    place, source = codes.place, codes.node()
    if place.order is not None:
        which_in_graph = [place.order[i] for i in which]
        return b.done(along(b, node, part, source, 0, which_in_graph), Place((len(which),), (0,)))
    return b.done(along(b, node, part, source, axis, which), resized(place, axis, len(which)))
