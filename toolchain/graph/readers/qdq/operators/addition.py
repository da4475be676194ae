"""The sum of two codes: whole factors and thresholds that give the kernel's code for every pair of codes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Add, Threshold
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import (
    Doubles,
    Scheme,
    added,
    added_floats,
    added_floats_parts,
    added_parts,
)
from toolchain.graph.readers.qdq.model import Model
from toolchain.graph.readers.qdq.operators.functions import function
from toolchain.graph.readers.qdq.quantisers import quantiser_behind
from toolchain.graph.readers.qdq.values import Codes, Fixed, Place, Real, Value, Weights, channels_last
from toolchain.graph.uniform import with_uniform

Whole = NDArray[np.int64]

# Bits of the greater factor, and how far from the nearest whole factors others are tried.
_BITS, _NEAR = 14, 1
_MOST_BITS = 42


def add(b: Building, node: NodeProto) -> Value:
    """Add and Sub of two floats that stand for codes; of a constant it is a function of one."""
    if node.output[0] in b.values:
        return b.values[node.output[0]]
    if any(isinstance(b.values[name], (Fixed, Weights)) for name in node.input):
        return function(b, node)
    x, y = b.bare(node, 0), b.bare(node, 1)
    if x.place.shape != y.place.shape:
        raise ModelError(f"shapes {list(x.place.shape)} and {list(y.place.shape)}; equal ones are read")
    to = quantiser_behind(b.model, node.output[0])
    if to is None:
        raise ModelError("its sum is not quantised; put QuantizeLinear and DequantizeLinear behind it")
    place = channels_last(x.place.shape)
    if x.place.order is None and x.place == y.place:
        place, nodes = x.place, [x.codes.node(), y.codes.node()]
    else:
        nodes = [b.last(node, value.codes) for value in (x, y)]
    return Real(_summed(b, node, (x, y), nodes, to, place), to)


def is_fused(model: Model, node: NodeProto, x: Scheme, y: Scheme, to: Scheme) -> bool:
    """Whether ONNX Runtime makes a QLinearAdd of it: no Sub, one dtype, and one quantiser right behind it."""
    taker = model.sole_taker(node.output[0])
    right = taker is not None and taker.op_type in ("QuantizeLinear", "Relu", "Clip")
    return node.op_type == "Add" and right and x.dtype == y.dtype == to.dtype


def _summed(
    b: Building, node: NodeProto, reals: tuple[Real, Real], nodes: list[str], to: Scheme, place: Place
) -> Codes:
    schemes = (reals[0].scheme, reals[1].scheme)
    fused = is_fused(b.model, node, *schemes, to)
    first, second = (np.arange(int(b.type(n).low.min()), int(b.type(n).high.max()) + 1) for n in nodes)
    sign = -1 if node.op_type == "Sub" else 1
    left, right = (side.reshape(-1) for side in np.meshgrid(first, second, indexing="ij"))
    codes = added(*schemes, to, left, right) if fused else added_floats(*schemes, to, left, right, sign)
    ratios = (schemes[0].scale / to.scale, schemes[1].scale / to.scale)
    by_factor = factors_of(first, sign * second, codes, ratios)
    if by_factor is not None:
        factors, (table, least) = by_factor
        sums = b.add(node, "", Add((factors[0], sign * factors[1])), *nodes)
    else:
        ends = (*schemes, to, first, second)
        parts = added_parts(*ends) if fused else added_floats_parts(*ends, sign)
        tables, (table, least) = tables_of(parts, codes)
        wide = [
            b.looked_up(node, source, values, int(codes[0]))
            for source, values, codes in zip(nodes, tables, (first, second), strict=True)
        ]
        sums = b.add(node, "", Add((1, 1)), *wide)
    kind = b.type(sums)

    def make(span: tuple[int, int]) -> str:
        kept = table[max(0, span[0] - least) : max(0, span[1] - least)]
        return b.add(node, "codes", with_uniform(Threshold(kept[None], 1, max(span[0], least)), kind), sums)

    return Codes(place, make, (least, least + len(table)))


Steps = tuple[Whole, int]
"""Thresholds of the codes ``least + 1, ...``, and `least`."""


def factors_of(
    first: Whole, second: Whole, wanted: Whole, ratios: tuple[float, float]
) -> tuple[tuple[int, int], Steps] | None:
    """Whole factors and thresholds so that their sums reach as many thresholds as the wanted codes say.

    Args:
        wanted: codes of all pairs, those of one `first` together.

    Returns:
        None where no factors are found: float32 tells sums apart that are the same.
    """
    steps = _Steps(wanted)
    for factors in _candidates(ratios):
        found = steps.of((factors[0] * first[:, None] + factors[1] * second[None]).reshape(-1))
        if found is not None:
            return factors, found
    return None


def tables_of(parts: tuple[Doubles, Doubles], wanted: Whole) -> tuple[tuple[Whole, Whole], Steps]:
    """What each code adds as whole numbers, as few bits as give every wanted code.

    Raises:
        ModelError: no such numbers of 50 bits.
    """
    steps = _Steps(wanted)
    for bits in range(_MOST_BITS):
        left, right = (np.rint(np.ldexp(part, bits)).astype(np.int64) for part in parts)
        found = steps.of((left[:, None] + right[None]).reshape(-1))
        if found is not None:
            return (left, right), found
    raise ModelError("its scales lie too far apart; requantise one of its inputs before")


class _Steps:
    """Codes of all pairs, and whether sums tell them apart."""

    def __init__(self, wanted: Whole) -> None:
        self._order = np.argsort(wanted, kind="stable")
        self._codes, self._starts = np.unique(wanted[self._order], return_index=True)

    def of(self, sums: Whole) -> Steps | None:
        """Thresholds of sums; None where a greater sum has a lower code."""
        ordered = sums[self._order]
        least, most = (f.reduceat(ordered, self._starts) for f in (np.minimum, np.maximum))
        if (most[:-1] >= least[1:]).any():
            return None
        # Codes that no pair gives have the threshold of the next.
        after = np.searchsorted(self._codes, np.arange(self._codes[0] + 1, self._codes[-1] + 1))
        return least[after], int(self._codes[0])


def _candidates(ratios: tuple[float, float]) -> Iterator[tuple[int, int]]:
    """Pairs of factors near the ratios, from small to large."""
    greater = max(ratios)
    seen = set()
    for half in range(2 * _BITS):
        unit = 2.0 ** (half / 2) / greater
        middle = [round(r * unit) for r in ratios]
        for i in sorted(range(-_NEAR, _NEAR + 1), key=abs):
            for j in sorted(range(-_NEAR, _NEAR + 1), key=abs):
                pair = (middle[0] + i, middle[1] + j)
                if min(pair) > 0 and pair not in seen:
                    seen.add(pair)
                    yield pair
