"""Operators that move codes and compute none."""

from __future__ import annotations

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.ops import Repeat, Transpose, window
from toolchain.graph.readers.growing import MOST_ELEMENTS
from toolchain.graph.readers.tflite.building import Building, inner, numbers
from toolchain.graph.readers.tflite.flatbuffer import Operator, Tensor
from toolchain.graph.readers.tflite.quantised import limits, zero_of


def reshape(b: Building, operator: Operator) -> str:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: to the shape of the output."""
    return b.reshaped(operator, "", b.node(operator), inner(b.output(operator)))


def transpose(b: Building, operator: Operator) -> str:
    """TRANSPOSE, the batch first."""
    node, order = b.node(operator), numbers(b.tensor(operator, 1))
    if len(inner(b.tensor(operator, 0))) == len(order):
        raise ModelError("a transposition of the batch; leave the batch as the first axis")
    if not order or order[0] != 0 or sorted(order) != list(range(len(b.shape(node)) + 1)):
        raise ModelError(f"order {order} of {len(b.shape(node)) + 1} axes; the batch should stay first")
    return b.add(operator, "", Transpose(tuple(axis - 1 for axis in order[1:])), node)


def pad(b: Building, operator: Operator) -> str:
    """PAD with the zero point, PADV2 with its constant; along channels by way of an axis of 1."""
    node, given = b.node(operator), numbers(b.tensor(operator, 1))
    *sizes, channels = b.shape(node)
    sides = _sides(given, len(sizes) + 1)
    fill = _fill(b, operator)
    *space, (before, after) = sides
    if any(map(any, space)):
        node = _padded(b, operator, "space", node, space, fill)
    if before or after:
        flat = b.reshaped(operator, "apart", node, (b.type(node).size // channels, channels, 1))
        wide = _padded(b, operator, "channels", flat, [(0, 0), (before, after)], fill)
        node = b.reshaped(operator, "", wide, (*b.shape(node)[:-1], channels + before + after))
    return node


def _sides(given: list[int], axes: int) -> list[tuple[int, int]]:
    sides = list(zip(given[::2], given[1::2], strict=False))
    if len(given) != 2 * axes + 2 or any(sides[0]) or not all(0 <= n <= MOST_ELEMENTS for n in given):
        raise ModelError(f"paddings {given} of {axes + 1} axes; pairs of 0 or more, none of the batch")
    return sides[1:]


def _padded(b: Building, operator: Operator, part: str, node: str, sides: list[tuple[int, int]], fill: int) -> str:
    before, after = zip(*sides, strict=True)
    size = b.shape(node)[-1]
    for n, (first, last) in zip(b.shape(node)[:-1], sides, strict=True):
        size *= n + first + last
    if size > MOST_ELEMENTS:
        raise ModelError(f"padding to {size:,} elements; {MOST_ELEMENTS:,} at most")
    return b.add(operator, part, window((1,) * len(sides), before=before, after=after, fill=fill), node)


def _fill(b: Building, operator: Operator) -> int:
    given = b.optional(operator, 2)
    if given is None:
        return zero_of(b.output(operator))
    if given.type != b.tensor(operator, 0).type or given.size != 1:
        raise ModelError(f"padding value {given}: {given.type} of {given.size}; one constant of the input's type")
    return int(given.values.reshape(-1)[0])


def resize(b: Building, operator: Operator) -> str:
    """RESIZE_NEAREST_NEIGHBOR: whole factors repeat, others pick positions."""
    node, wanted = b.node(operator), inner(b.output(operator))
    if len(wanted) != 3 or len(b.shape(node)) != 3:
        raise ModelError(f"shape {b.shape(node)} to {wanted}; height, width and channels are expected")
    picks = [_nearest(n, m, operator) for n, m in zip(b.shape(node)[:2], wanted[:2], strict=True)]
    by = tuple(m // n for n, m in zip(b.shape(node)[:2], wanted[:2], strict=True))
    if all(p == np.arange(n).repeat(f).tolist() for p, n, f in zip(picks, b.shape(node), by, strict=False)):
        return b.add(operator, "", Repeat(by), node)
    for axis, which in enumerate(picks):
        node = b.taken(operator, f"axis_{axis}", node, axis, which)
    return node


def _nearest(size: int, wanted: int, operator: Operator) -> list[int]:
    """Which position each new one copies, in TFLite's own float32."""
    corners = bool(operator.options["AlignCorners"])
    less = 1 if corners and wanted > 1 else 0
    factor = np.float32(size - less) / np.float32(wanted - less)
    at = np.arange(wanted).astype(np.float32) + np.float32(0.5 if operator.options["HalfPixelCenters"] else 0)
    found = at * factor
    whole = np.floor(found + np.float32(0.5)) if corners else np.floor(found)
    picks: list[int] = np.clip(whole.astype(np.int64), 0, size - 1).tolist()
    return picks


def same_codes(source: Tensor, result: Tensor) -> bool:
    """Whether a code means the same in both tensors."""
    return bool(zero_of(source) == zero_of(result) and source.scale[0] == result.scale[0]) and limits(source) == limits(
        result
    )
