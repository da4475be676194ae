"""An order in which each stands behind all that it waits for, found in time that grows with the wires alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet


def by_levels(before: Mapping[int, AbstractSet[int]]) -> list[int]:
    """Keys level by level, ascending in each: first those that wait for nothing, then those that wait for these alone.

    What lies on a circle, or behind one, is left out.

    Args:
        before: for each key the keys that it waits for.
    """
    behind = defaultdict(list)
    for place, makers in before.items():
        for maker in makers:
            behind[maker].append(place)
    left = {place: len(makers) for place, makers in before.items()}
    order, ready = list[int](), sorted(place for place, count in left.items() if not count)
    while ready:
        order += ready
        following = []
        for taker in (taker for place in ready for taker in behind[place]):
            left[taker] -= 1
            if not left[taker]:
                following.append(taker)
        ready = sorted(following)
    return order
