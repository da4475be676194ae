"""How a heap of bits is added up with the fewest LUTs of two outputs on carry chains, from its heights alone.

A *pair* is two places of a chain: two LUTs that take up to 7 weights, six with the carry below it, and leave two
bits and a carry. Six bits of the lower place, or four and one of the upper, or two and two fit; the first saves two
bits a LUT, ripple-carry addition one. What is left of at most three bits a place is added at once (`Ternary`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

Heights = tuple[int, ...]

# Bits of (lower, upper) place that a pair can take, those that save most first.
_PAIRS = ((6, 0), (4, 1), (5, 0), (2, 2), (3, 1), (4, 0), (2, 1), (3, 0), (2, 0))
# LUTs that one level of logic less is worth.
_LEVEL = 0.3


@dataclass(frozen=True)
class Chain:
    """Pairs side by side from place `start`, each as bits of its lower and upper place; whether a carry goes in."""

    start: int
    pairs: tuple[tuple[int, int], ...]
    carry: bool


@dataclass(frozen=True)
class Plan:
    """Levels of chains, and the LUTs that they and what follows take."""

    luts: float
    levels: tuple[tuple[Chain, ...], ...]


def adds_at_once(heights: Heights) -> bool:
    """Whether a ternary chain adds the heap: three bits a place, and in the lowest two carries more."""
    first = next((place for place, height in enumerate(heights) if height > 1), len(heights))
    return all(height <= (5 if place == first else 3) for place, height in enumerate(heights))


def compare_luts(bits: int, outputs: int) -> int:
    """LUTs that find how many thresholds a sum of so many bits reaches, as a number of `outputs` bits."""
    if bits <= 5:
        return -(-outputs // 2)
    return outputs if bits == 6 else search_luts(bits, outputs, 6)


def search_luts(bits: int, outputs: int, inputs: int) -> int:
    """LUTs, one behind another, that search a number's thresholds: each takes what is known, and the one before."""
    return sum(-(-(bits - 1) // (inputs - 1 - output)) for output in range(outputs))


def trimmed(heights: Iterable[int]) -> Heights:
    """Heights without empty places at the top."""
    kept = [*heights]
    while kept and kept[-1] == 0:
        kept.pop()
    return tuple(kept)


@cache
def plan(heights: Heights, outputs: int) -> Plan:
    """The cheapest plan found for a heap that is compared (to `outputs` bits), or else (0) only added up."""
    best = _finished(heights, outputs)
    for least in (4, 3, 2, 1):
        chains, after, luts = _level(heights, least)
        if chains:
            rest = plan(after, outputs)
            if best is None or luts + _LEVEL + rest.luts < best.luts:
                best = Plan(luts + _LEVEL + rest.luts, (chains, *rest.levels))
    assert best is not None, "a column of four bits or more always has a chain"
    return best


def _finished(heights: Heights, outputs: int) -> Plan | None:
    bits = sum(heights)
    if outputs and bits <= 6:
        return Plan(compare_luts(bits, outputs), ())
    if not adds_at_once(heights):
        return None
    width = sum(height << place for place, height in enumerate(heights)).bit_length()
    compared = compare_luts(width, outputs) if outputs else 0
    return Plan(ternary_luts(heights) + compared + (_LEVEL if outputs else 0), ())


def ternary_luts(heights: Heights) -> int:
    """LUTs of a ternary chain: none where a place has but one bit and gets nothing from the place below."""
    luts, moved = 0, False
    for height in heights:
        luts += height + moved > 1
        moved = height + moved > 2
    return luts


def _level(heights: Heights, least: int) -> tuple[tuple[Chain, ...], Heights, int]:
    """Chains whose pairs save at least `least` bits each, the heap after them, and their LUTs."""
    rest, results = list(heights), [0] * (len(heights) + 3)
    chains, luts = list[Chain](), 0
    for start in range(len(heights)):
        while pairs := _pairs(rest, start, least):
            carry = rest[start] > 0
            rest[start] -= carry
            chains.append(Chain(start, pairs, carry))
            luts += sum(_pair_luts(*pair) for pair in pairs)
            for place in range(start, start + chain_bits(chains[-1])):
                results[place] += 1
    for place, height in enumerate(rest):
        results[place] += height
    return tuple(chains), trimmed(results), luts


def chain_bits(chain: Chain) -> int:
    """Result bits of a chain."""
    weights = sum((lower + 2 * upper) << 2 * i for i, (lower, upper) in enumerate(chain.pairs)) + chain.carry
    return weights.bit_length()


def counter_luts(heights: Heights) -> int:
    """LUTs of a chain of pairs."""
    lower, upper = heights[::2], (*heights[1::2], 0)
    return sum(_pair_luts(*pair) for pair in zip(lower, upper, strict=False))


def _pair_luts(lower: int, upper: int) -> int:
    return (lower > 1) + (max(lower - 1, 0) + upper > 1)


def _pairs(rest: list[int], start: int, least: int) -> tuple[tuple[int, int], ...]:
    """Take the bits of a chain that starts at `start` out of the heap, if one can."""
    if rest[start] < 4 and least > 2:
        return ()
    if rest[start] < 4 and max(rest) < 4:
        return ()
    pairs = list[tuple[int, int]]()
    for place in range(start, len(rest), 2):
        above = rest[place + 1] if place + 1 < len(rest) else 0
        pair = next(
            (p for p in _PAIRS if p[0] <= rest[place] and p[1] <= above and _saves(p, not pairs) >= least), None
        )
        if pair is None:
            break
        rest[place] -= pair[0]
        if pair[1]:
            rest[place + 1] -= pair[1]
        pairs.append(pair)
    return tuple(pairs)


def _saves(pair: tuple[int, int], first: bool) -> int:
    # A lone full adder, of two bits and a carry, saves one.
    return 1 if pair == (2, 0) and first else sum(pair) - 2
