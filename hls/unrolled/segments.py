"""How a heap of bits is added up with the fewest places of carry chains behind 4-input tables, from its heights alone.

Such a place (ECP5's CCU2C) adds a function of two bits, a function of up to four, and the carry from below. So what it
adds may be a bit; a *pair*, whose parity it adds while the place above adds its carry; or a *trio*, whose parity a
look-up table makes while the place above makes the carry itself. A *segment* is a stretch of a chain in which each
place adds two of these. As each place saves a bit, and one more is needed to show the last carry, what counts is that
segments are long: pairs and trios take bits of one place to fill the places above.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations_with_replacement, product

from hls.unrolled.counting import Heights, search_luts, trimmed

Groups = tuple[int, ...]
"""Sizes of what a place adds of its own bits: bits, pairs and trios."""

# Look-up tables that one level of logic less is worth.
_LEVEL = 0.2
# Places of a segment at most, so that its delay stays that of a short chain.
_LONGEST = 5
# Bits of a place of which one segment takes some, at most: two trios and a carry.
_MOST = 7
# What a bit saved may cost in each level, in turn: the best segments alone, or also worse ones.
_PRICES = (1.2, 1.34, 2.0)
# Of the segments that a level could have, how many it has: what others would take makes those of the next level longer.
_SHARES = (1.0, 0.5)
# Bits of a heap up to which all these are tried.
_SEARCHED = 40
# Inputs of what a pair or a trio adds in the place above.
_ABOVE = {2: 2, 3: 3}


@dataclass(frozen=True)
class Segment:
    """Places from `start` up, each with what it adds of its own bits; whether a bit of the lowest is its carry."""

    start: int
    places: tuple[Groups, ...]
    carry: bool

    @cached_property
    def taken(self) -> Heights:
        """Bits that it takes of each place."""
        carries = [self.carry, *[False] * len(self.places)]
        return tuple(sum(groups) + carry for groups, carry in zip(self.places, carries, strict=False))

    @cached_property
    def luts(self) -> int:
        """Its places, one that shows the carry out of it, and look-up tables of trios."""
        return len(self.places) + 1 + self.trios

    @property
    def trios(self) -> int:
        """Trios in all places."""
        return sum(groups.count(3) for groups in self.places)


@dataclass(frozen=True)
class Plan:
    """Levels of segments, the one that adds what they leave (None where that is compared as it is), and all LUTs."""

    luts: float
    levels: tuple[tuple[Segment, ...], ...]
    last: Segment | None


def compare_luts(bits: int, outputs: int) -> int:
    """4-input tables that find how many thresholds a sum reaches, as a number of `outputs` bits, two at most."""
    return outputs if bits <= 4 else search_luts(bits, outputs, 4)


@cache
def plan(heights: Heights, outputs: int) -> Plan:
    """The cheapest plan found for a heap that is compared (to `outputs` bits), or else (0) only added up."""
    best = _finished(heights, outputs)
    for price, share in _choices_of_level(heights):
        segments, after = _level(heights, price, share)
        rest = plan(after, outputs)
        luts = sum(segment.luts for segment in segments) + _LEVEL + rest.luts
        if best is None or luts < best.luts:
            best = Plan(luts, (segments, *rest.levels), rest.last)
    assert best is not None, "a place of three bits or more always begins a segment"
    return best


def _choices_of_level(heights: Heights) -> list[tuple[float, float]]:
    """Prices and shares of levels that differ; one of a large heap."""
    prices = [price for price in _PRICES if _cheap(heights, price)]
    return [*product(prices, _SHARES)] if sum(heights) <= _SEARCHED else [(price, 1.0) for price in prices[:1]]


def _finished(heights: Heights, outputs: int) -> Plan | None:
    if outputs and (sum(heights) <= 4 or max(heights) < 2):
        return Plan(compare_luts(sum(heights), outputs), (), None)
    width = sum(height << place for place, height in enumerate(heights)).bit_length()
    compared = compare_luts(width, outputs) if outputs else 0
    plans = [Plan(_last_luts(last, width) + compared, (), last) for last in _last(heights)]
    return min(plans, key=lambda found: found.luts, default=None)


def _last_luts(last: Segment, width: int) -> int:
    return max(0, width - last.start) + last.carry + last.trios


def _last(heights: Heights) -> Iterator[Segment]:
    """The segments, with and without a carry, that add a whole heap from the lowest place with several bits up."""
    start = next((place for place, height in enumerate(heights) if height > 1), len(heights))
    rest = heights[start:]
    for carry in (False, True) if rest and rest[0] > 2 else (False,):
        places = _whole((rest[0] - carry, *rest[1:]) if rest else (), ())
        if places is not None:
            yield Segment(start, places, carry)


@cache
def _whole(heights: Heights, below: Groups) -> tuple[Groups, ...] | None:
    """What each place adds where one chain takes all bits; `below` are pairs and trios of the place below."""
    if not heights and not below:
        return ()
    height, best = heights[0] if heights else 0, None
    for groups in _choices(below):
        if sum(groups) == height and (rest := _whole(heights[1:], _moved(groups))) is not None:
            places = (groups, *rest)
            if best is None or Segment(0, places, False).luts < Segment(0, best, False).luts:
                best = places
    return best


def _moved(groups: Groups) -> Groups:
    return tuple(size for size in groups if size > 1)


@cache
def _choices(below: Groups) -> tuple[Groups, ...]:
    """What a place can add of its own bits beside what the place below moves up, most bits last."""
    free, inputs = 2 - len(below), 4 - sum(_ABOVE[size] for size in below)
    found = (groups for count in range(free + 1) for groups in combinations_with_replacement((1, 2, 3), count))
    # A trio's parity comes from a look-up table: one input.
    return tuple(groups for groups in found if sum(2 if size == 2 else 1 for size in groups) <= inputs)


def _level(heights: Heights, price: float, share: float) -> tuple[tuple[Segment, ...], Heights]:
    """A share of the segments that save a bit for at most `price` LUTs, the lowest first, and the heap after them."""
    found = _cheap(heights, price)
    segments = found[: max(1, int(share * len(found)))]
    after = [*heights, *[0] * (_LONGEST + 1)]
    for segment in segments:
        for place, count in enumerate(segment.taken, segment.start):
            after[place] -= count
        for place in range(segment.start, segment.start + len(segment.places) + 1):
            after[place] += 1
    return segments, trimmed(after)


@cache
def _cheap(heights: Heights, price: float) -> tuple[Segment, ...]:
    """All segments that save a bit for at most `price` LUTs."""
    rest, segments = list(heights), list[Segment]()
    for start in range(len(heights)):
        while segment := _best(tuple([*rest, 0, 0][start:][:_LONGEST]), start, price):
            taken = [(place, count) for place, count in enumerate(segment.taken, start) if count]
            # As long as more bits are left than one segment looks at, the next one is the same.
            times = max(1, min((rest[place] - _MOST) // count for place, count in taken))
            segments += [segment] * times
            for place, count in taken:
                rest[place] -= times * count
    return tuple(segments)


def _best(heights: Heights, start: int, price: float) -> Segment | None:
    """The segment that saves bits at the lowest price, of these the longest; None where none is cheap enough."""
    least, _, places = _best_shape(tuple(min(height, _MOST) for height in heights))
    return Segment(start, places, True) if least <= price + 1e-9 else None


@cache
def _best_shape(heights: Heights) -> tuple[float, int, tuple[Groups, ...]]:
    """Price, saved bits (negative) and places of the best segment that so many bits allow; infinite where none is."""
    priced = []
    for size in range(1, len(heights) + 1):
        for places in _full(heights[:size]):
            segment = Segment(0, places, True)
            saved = sum(segment.taken) - size - 1
            priced.append((segment.luts / saved, -saved, places))
    return min(priced, default=(math.inf, 0, ()))


def _full(heights: Heights, below: Groups = (), carry: int = 1) -> Iterator[tuple[Groups, ...]]:
    """Places that add two terms each, the last one no pair or trio."""
    if not heights:
        yield from [] if below else [()]
        return
    for groups in _choices(below):
        if len(groups) + len(below) == 2 and sum(groups) + carry <= heights[0]:
            for rest in _full(heights[1:], _moved(groups), 0):
                yield (groups, *rest)
