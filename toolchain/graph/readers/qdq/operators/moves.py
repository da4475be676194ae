"""Operators that move codes: most only change where the file's elements lie in the graph's tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Repeat, Reshape, Select, Transpose
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import attributes
from toolchain.graph.readers.qdq.values import Codes, Place, Real, Value, channels_last

Moved = Codes | Real


def taken(b: Building, node: NodeProto, place: int = 0) -> tuple[Codes, Scheme | None, Callable[[Codes], Moved]]:
    """What a move takes: codes, their scheme, and how its result is told from other codes."""
    value = b.value(node, place)
    if isinstance(value, Codes):
        scheme = b.schemes.get(node.input[place])

        def kept(codes: Codes) -> Moved:
            if scheme is not None:
                b.schemes.update(dict.fromkeys(node.output, scheme))
            return codes

        return value, scheme, kept
    real = b.real(node, place)
    return real.codes, real.scheme, real.moved


def later(codes: Codes, place: Place, make: Callable[[str], str]) -> Codes:
    """Codes that a move makes of others, whatever span these get."""
    return Codes(place, lambda span: make(codes.node(span)), codes.span)


def transpose(b: Building, node: NodeProto) -> Value:
    """Transpose: the batch stays first."""
    codes, _, ended = taken(b, node)
    axes = len(codes.place.shape)
    order = list(attributes(node).get("perm", range(axes, -1, -1)))
    if sorted(order) != list(range(axes + 1)) or order[0] != 0:
        raise ModelError(f"order {order} of {axes + 1} axes; the batch should stay first")
    inner = [axis - 1 for axis in order[1:]]
    old = codes.place
    now = tuple(inner.index(axis) for axis in old.axes)
    return ended(later(codes, Place(tuple(old.shape[a] for a in inner), now, old.order), lambda n: n))


def flatten(b: Building, node: NodeProto) -> Value:
    """Flatten behind the batch."""
    codes, _, ended = taken(b, node)
    axis = int(attributes(node).get("axis", 1))
    if axis not in (1, -len(codes.place.shape)):
        raise ModelError(f"axis {axis}; the batch should stay apart (axis 1)")
    return ended(_reshaped(b, node, codes, (math.prod(codes.place.shape),)))


def reshape(b: Building, node: NodeProto) -> Value:
    """Reshape to a constant shape, the batch first."""
    codes, _, ended = taken(b, node)
    given = b.whole(node, 1)
    return ended(
        _reshaped(b, node, codes, _target(codes.place.shape, given, bool(attributes(node).get("allowzero", 0))))
    )


def _target(shape: tuple[int, ...], given: list[int], zeros: bool) -> tuple[int, ...]:
    whole = (1, *shape)
    if len(given) < 2 or len(given) > 8 or min(given) < -1 or given.count(-1) > 1 or (zeros and 0 in given):
        raise ModelError(f"shape {given} of {list(whole)}; a batch and one axis or more are expected")
    wanted = [whole[i] if n == 0 and i < len(whole) else n for i, n in enumerate(given)]
    known = math.prod(n for n in wanted if n != -1)
    size = math.prod(whole)
    if -1 in wanted and known > 0 and size % known == 0:
        wanted[wanted.index(-1)] = size // known
    if math.prod(wanted) != size or wanted[0] != 1:
        raise ModelError(f"shape {given} of {list(whole)}; the batch should stay the first axis")
    return tuple(wanted[1:])


def squeeze(b: Building, node: NodeProto) -> Value:
    """Squeeze and Unsqueeze of axes of 1."""
    codes, _, ended = taken(b, node)
    whole = [1, *codes.place.shape]
    given = b.whole(node, 1) if b.has(node, 1) else attributes(node).get("axes")
    if given is None:
        raise ModelError("its axes are left out, and may take the batch; name them")
    count = len(whole) + (len(given) if node.op_type == "Unsqueeze" else 0)
    axes = {int(a) + count if a < 0 else int(a) for a in given}
    if len(axes) != len(given) or not axes or min(axes) < 1 or max(axes) >= count:
        raise ModelError(f"axes {list(given)} of {count}; the batch stays as it is")
    if node.op_type == "Unsqueeze":
        rest = iter(whole)
        shape = [1 if axis in axes else next(rest) for axis in range(count)]
    elif any(whole[axis] != 1 for axis in axes):
        raise ModelError(f"axes {sorted(axes)} of {whole} are not all 1")
    else:
        shape = [n for axis, n in enumerate(whole) if axis not in axes]
    return ended(_reshaped(b, node, codes, tuple(shape[1:]) or (1,)))


def _reshaped(b: Building, node: NodeProto, codes: Codes, shape: tuple[int, ...]) -> Codes:
    """To one axis: the graph's own order, and the file's noted; otherwise by way of the file's order."""
    old = codes.place
    if shape == old.shape:
        return codes
    if len(shape) == 1:
        numbers = np.arange(math.prod(shape)).reshape([old.shape[a] for a in old.axes])
        order = tuple(numbers.transpose(np.argsort(old.axes)).reshape(-1).tolist())
        plain = order == tuple(range(len(order)))
        place = Place(shape, (0,), None if plain else order)
        return later(codes, place, lambda n: b.add(node, "", Reshape(shape), n) if b.type(n).shape != shape else n)
    return later(codes, _standing(shape), lambda n: _laid(b, node, codes.place, n, shape))


def _standing(shape: tuple[int, ...]) -> Place:
    return Place(shape, tuple(range(len(shape))))


def without_ones(b: Building, node: NodeProto, codes: Codes, gone: set[int]) -> Codes:
    """The codes without axes of the file's that are 1."""
    return _reshaped(b, node, codes, tuple(n for i, n in enumerate(codes.place.shape) if i not in gone))


def _laid(b: Building, node: NodeProto, old: Place, source: str, shape: tuple[int, ...]) -> str:
    """In the file's own order, then in the new shape."""
    fixed = Codes(old, lambda span: source, (0, 0))
    plain = b.turned(node, fixed, _standing(old.shape))
    return b.add(node, "", Reshape(shape), plain)


def pad(b: Building, node: NodeProto) -> Value:
    """Pad of space with one value."""
    codes, scheme, ended = taken(b, node)
    if attributes(node).get("mode", "constant") != "constant":
        raise ModelError(f"mode {attributes(node)['mode']!r}; padding with one value (constant) is read")
    if b.has(node, 3):
        raise ModelError("axes of its own; name the padding of all axes")
    axes = len(codes.place.shape) + 1
    given = b.whole(node, 1)
    if len(given) != 2 * axes or any((given[0], given[axes])):
        raise ModelError(f"pads {given} of {axes} axes; a start and an end each, none of the batch")
    before, after = given[1:axes], given[axes + 1 :]
    if before[0] or after[0] or len(before) not in (2, 3):
        raise ModelError("padding of channels; one or two axes of space are read")
    fill = _fill(b, node, scheme)
    source = b.padded(node, b.last(node, codes), before[1:], after[1:], fill)
    shape = tuple(n + x + y for n, x, y in zip(codes.place.shape, before, after, strict=True))
    return ended(b.done(source, channels_last(shape)))


def _fill(b: Building, node: NodeProto, scheme: Scheme | None) -> int:
    value = b.fixed(node, 2).reshape(-1) if b.has(node, 2) else np.zeros(1, np.float32)
    if value.size != 1:
        raise ModelError(f"a padding of {value.size} values; one is expected")
    if scheme is None or value.dtype.kind in "iu":
        return int(value[0])
    code = int(scheme.code(value.astype(np.float32))[0])
    if float(scheme.real(np.array([code]))[0]) != float(value[0]):
        raise ModelError(f"padding with {float(value[0])}, which is no code of its tensor; pad with 0")
    return code


def resize(b: Building, node: NodeProto) -> Value:
    """Resize to the nearest position."""
    codes, _, ended = taken(b, node)
    settings = attributes(node)
    if settings.get("mode", "nearest") != "nearest":
        raise ModelError(f"mode {settings['mode']!r}; nearest is read")
    shape = codes.place.shape
    scales, sizes = _sizes(b, node, shape)
    picks = [_nearest(n, m, s, settings) for n, m, s in zip(shape[1:], sizes[1:], scales[1:], strict=True)]
    source = b.last(node, codes)
    by = tuple(m // n for n, m in zip(shape[1:], sizes[1:], strict=True))
    if sizes[0] != shape[0]:
        raise ModelError("it makes more channels; space alone is resized")
    if all(p == np.arange(n).repeat(f).tolist() for p, n, f in zip(picks, shape[1:], by, strict=True)):
        return ended(b.done(b.add(node, "", Repeat(by), source), channels_last(tuple(sizes))))
    for axis, which in enumerate(picks):
        source = along(b, node, f"axis_{axis}", source, axis, which)
    return ended(b.done(source, channels_last(tuple(sizes))))


def _sizes(b: Building, node: NodeProto, shape: tuple[int, ...]) -> tuple[list[float], list[int]]:
    if b.has(node, 3):
        sizes = b.whole(node, 3)[1:]
        return [m / n for n, m in zip(shape, sizes, strict=False)], _checked(shape, sizes)
    if not b.has(node, 2):
        raise ModelError("neither scales nor sizes are constant; export it with one of them")
    scales = [float(s) for s in b.fixed(node, 2).reshape(-1)][1:]
    if not all(0 < scale <= 2**16 for scale in scales):
        raise ModelError(f"scales {scales}; positive numbers are expected")
    return scales, _checked(shape, [math.floor(n * s) for n, s in zip(shape, scales, strict=False)])


def _checked(shape: tuple[int, ...], sizes: list[int]) -> list[int]:
    if len(sizes) != len(shape) or len(shape) not in (2, 3) or not all(0 < n <= 2**16 for n in sizes):
        raise ModelError(f"{list(shape)} to {sizes}; one or two axes of space, of 1 to 65,536 positions, are expected")
    return sizes


def _nearest(size: int, wanted: int, scale: float, settings: dict[str, Any]) -> list[int]:
    """Which position each new one copies."""
    way = settings.get("coordinate_transformation_mode", "half_pixel")
    at = np.arange(wanted).astype(np.float64)
    if way == "asymmetric":
        at = at / scale
    elif way == "half_pixel" or (way == "pytorch_half_pixel" and wanted > 1):
        at = (at + 0.5) / scale - 0.5
    elif way == "align_corners" and wanted > 1:
        at = at * (size - 1) / (wanted - 1)
    else:
        raise ModelError(f"coordinates {way!r}; asymmetric, half_pixel, pytorch_half_pixel and align_corners are read")
    rounding = settings.get("nearest_mode", "round_prefer_floor")
    if rounding not in _ROUNDINGS:
        raise ModelError(f"nearest_mode {rounding!r}; {', '.join(_ROUNDINGS)} are read")
    whole = _ROUNDINGS[rounding](at)
    picks: list[int] = np.clip(whole.astype(np.int64), 0, size - 1).tolist()
    return picks


_ROUNDINGS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
}


def along(b: Building, node: NodeProto, part: str, source: str, axis: int, which: Sequence[int]) -> str:
    """Positions of one axis of the graph's tensor, by number."""
    shape = b.type(source).shape
    if list(which) == list(range(shape[axis])):
        return source
    op = Select(tuple(int(i) for i in which))
    if axis == len(shape) - 1:
        return b.add(node, part, op, source)
    order = list(range(len(shape)))
    order[axis], order[-1] = order[-1], order[axis]
    turn = Transpose(tuple(order))
    picked = b.add(node, part, op, b.add(node, f"{part}_turn", turn, source))
    return b.add(node, f"{part}_back", turn, picked)


def placed_axis(place: Place, axis: int) -> int:
    """The graph's axis of one of the file's, the batch counted.

    Raises:
        ModelError: there is none, or it is the batch.
    """
    whole = len(place.shape) + 1
    counted = axis + whole if axis < 0 else axis
    if not 1 <= counted < whole:
        raise ModelError(f"axis {axis} of {whole}; the batch stays as it is")
    return place.axes.index(counted - 1)


def resized(place: Place, axis: int, size: int) -> Place:
    """The place with another size of one of the graph's axes."""
    shape = list(place.shape)
    shape[place.axes[axis]] = size
    return replace(place, shape=tuple(shape))
