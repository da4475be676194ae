"""Plans of heaps for chains behind 4-input tables: nothing is lost, and every place has what a place can add."""

from __future__ import annotations

import pytest

from hls.unrolled.counting import Heights
from hls.unrolled.segments import Segment, compare_luts, plan

HEAPS: list[Heights] = [(1,), (7,), (12,), (35, 35), (174,), (5,) * 9, (3, 0, 9), (0, 0, 4), (64, 1, 1, 1, 20)]


def must_fit(segment: Segment, *, full: bool) -> None:
    """Two terms a place at most, of four inputs: a pair has two, and moves two up; a trio one, and moves up three."""
    below: tuple[int, ...] = ()
    for groups in segment.places:
        assert len(groups) + len(below) <= 2
        assert len(groups) + len(below) == 2 or not full
        assert sum(2 if size == 2 else 1 for size in groups) + sum(below) <= 4
        below = tuple(size for size in groups if size > 1)
    assert not below or not full


def after(heights: Heights, outputs: int) -> tuple[Heights, Segment | None]:
    """What a plan's levels leave of a heap, weights checked, and what adds that."""
    made = plan(heights, outputs)
    for level in made.levels:
        left = [*heights, *[0] * 8]
        results = [0] * len(left)
        for segment in level:
            must_fit(segment, full=True)
            for place, count in enumerate(segment.taken, segment.start):
                left[place] -= count
            for place in range(segment.start, segment.start + len(segment.places) + 1):
                results[place] += 1
            most = sum(count << place for place, count in enumerate(segment.taken))
            assert most < 2 << len(segment.places)
        assert min(left) >= 0
        heights = tuple(a + b for a, b in zip(left, results, strict=True))
    return heights, made.last


@pytest.mark.parametrize("heights", HEAPS, ids=str)
@pytest.mark.parametrize("outputs", [0, 2])
def test_what_is_left_is_added_or_compared(heights: Heights, outputs: int) -> None:
    left, last = after(heights, outputs)
    if last is None:
        assert outputs and (sum(left) <= 4 or max(left) < 2)
        return
    must_fit(last, full=False)
    taken = [*left[: last.start], *last.taken]
    assert [*taken, *[0] * len(left)][: len(left)] == list(left)
    assert max(left[: last.start], default=0) < 2


def test_what_plans_take() -> None:
    # Of 174 bits a sum has 8; carry-save adders of three bits in two look-up tables take two for a bit saved.
    assert 166 < plan((174,), 0).luts < 225
    assert 62 < plan((35, 35), 0).luts < 80
    # Five bits in three places, then three bits in two tables.
    assert plan((5,), 2).luts < 6
    assert (plan((4,), 2).luts, plan((2, 2), 1).luts, plan((1, 1, 1), 2).levels) == (2, 1, ())


def test_comparisons_take_several_bits_a_table() -> None:
    # Eleven bits: three a table, and two with the upper result beside.
    assert [compare_luts(bits, 2) for bits in (3, 4, 5, 11)] == [2, 2, 4, 9]
