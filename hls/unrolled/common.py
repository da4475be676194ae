"""What two neurons have in common, added once: what is left when no pair of terms is worth a sum of its own.

A pair of narrow terms saves little, so its sum pays only where many neurons use it. Two neurons may share more than two
terms; whether their sum pays is asked of the plans of both heaps and of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from hls.unrolled.adding import heap_sum, node_of, planned_luts
from hls.unrolled.counting import trimmed
from hls.unrolled.ir import Operand
from hls.unrolled.linear import LinearGraph

# Look-up tables that a sum of common terms must save, and bits that it has less than its terms from which on it does:
# of 250 such sums all but three did, on three networks.
_LEAST_SAVED, _SURELY = 0.3, 6

Terms = dict[tuple[int, int], int]
"""A neuron's terms: signs by node and shift."""


@dataclass(frozen=True)
class _Common:
    """Terms of a first neuron that a second has, too: all with the same signs (1) or the opposite ones (-1)."""

    first: int
    second: int
    sign: int
    terms: Terms

    @property
    def neurons(self) -> tuple[int, int]:
        return self.first, self.second

    @property
    def order(self) -> tuple[int, int, int]:
        """By which the largest comes last."""
        return len(self.terms), -self.first, -self.second


def share_common(linear: LinearGraph, columns: list[list[Operand]], outputs: int) -> list[list[Operand]]:
    """The terms of neurons, with sums of those that two have in common.

    Args:
        columns: each neuron's terms.
        outputs: bits that each sum is compared to give; 0 where its value is wanted.
    """
    neurons = [{(term.node, term.shift): term.sign for term in column} for column in columns]
    found = sorted(_all_common(neurons, set(range(len(neurons)))), key=lambda common: common.order)
    while found:
        common = found.pop()
        if not _pays(linear, neurons, common, outputs):
            continue
        _share(linear, neurons, common)
        found = [other for other in found if not {*other.neurons} & {*common.neurons}]
        found += _all_common(neurons, {*common.neurons})
        found.sort(key=lambda common: common.order)
    return [_operands(neuron) for neuron in neurons]


def _all_common(neurons: list[Terms], of: set[int]) -> Iterator[_Common]:
    """Terms that one of some neurons has in common with any other."""
    for first, second in combinations(range(len(neurons)), 2):
        if first in of or second in of:
            a, b = neurons[first], neurons[second]
            both = sorted(a.keys() & b.keys())
            for sign in (1, -1):
                terms = {key: a[key] for key in both if a[key] == sign * b[key]}
                if len(terms) > 1:
                    yield _Common(first, second, sign, terms)


def _pays(linear: LinearGraph, neurons: list[Terms], common: _Common, outputs: int) -> bool:
    """Whether a sum of common terms saves LUTs; where it saves many bits or none, the heaps need not be planned."""
    own = _heights(linear, common.terms)
    start = next(place for place, height in enumerate(own) if height)
    low, high = linear.bounds_of(_operands(common.terms))
    made = [0] * start + [1] * ((high - low) >> start).bit_length()
    bits = sum(own) - sum(made)
    if bits < 1 or bits >= _SURELY:
        return bits >= _SURELY
    saved = -planned_luts(linear.fabric, trimmed(own), 0)
    for neuron in common.neurons:
        before = _heights(linear, neurons[neuron])
        for sign, heights in ((1, before), (-1, _sum_of((before, 1), (own, -1), (made, 1)))):
            saved += sign * planned_luts(linear.fabric, trimmed(heights), outputs)
    return saved >= _LEAST_SAVED


def _sum_of(*parts: tuple[list[int], int]) -> list[int]:
    """Heights of heaps added (1) and taken away (-1)."""
    heights = [0] * max(len(heap) for heap, _ in parts)
    for heap, sign in parts:
        for place, height in enumerate(heap):
            heights[place] += sign * height
    return heights


def _heights(linear: LinearGraph, terms: Terms) -> list[int]:
    """Bits that the terms have in each place."""
    heights = list[int]()
    for node, shift in terms:
        end = shift + linear.graph.width(node)
        heights += [0] * (end - len(heights))
        for place in range(shift, end):
            heights[place] += 1
    return heights


def _operands(terms: Terms) -> list[Operand]:
    return [Operand(node, sign, shift) for (node, shift), sign in terms.items()]


def _share(linear: LinearGraph, neurons: list[Terms], common: _Common) -> None:
    """Put the sum of common terms in their place in both neurons."""
    shift = min(shift for _, shift in common.terms)
    terms = [replace(term, shift=term.shift - shift) for term in _operands(common.terms)]
    total = node_of(heap_sum(linear, terms, 0))
    for neuron, sign in zip(common.neurons, (1, common.sign), strict=True):
        for key in common.terms:
            del neurons[neuron][key]
        neurons[neuron][total.node, shift] = sign * total.sign
