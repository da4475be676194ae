"""Plans of heaps: nothing is lost, and they take what the best known counters take."""

from __future__ import annotations

import pytest

from hls.unrolled.counting import Heights, adds_at_once, chain_bits, compare_luts, plan

HEAPS: list[Heights] = [(1,), (7,), (12,), (35, 35), (174,), (5,) * 9, (3, 0, 9), (0, 0, 4), (64, 1, 1, 1, 20)]


def after(heights: Heights, outputs: int) -> Heights:
    """What a plan's chains leave of a heap, weights checked."""
    for level in plan(heights, outputs).levels:
        left = [*heights, *[0] * 4]
        results = [0] * len(left)
        for chain in level:
            places = [count for pair in chain.pairs for count in pair]
            places[0] += chain.carry
            for place, count in enumerate(places, chain.start):
                left[place] -= count
            for place in range(chain.start, chain.start + chain_bits(chain)):
                results[place] += 1
            most = sum(count << place for place, count in enumerate(places))
            assert most < 1 << chain_bits(chain)
            for lower, upper in chain.pairs:
                assert lower + 2 * upper <= 6
        assert min(left) >= 0
        heights = tuple(a + b for a, b in zip(left, results, strict=True))
    return heights


@pytest.mark.parametrize("heights", HEAPS, ids=str)
@pytest.mark.parametrize("outputs", [0, 2])
def test_what_is_left_is_added_or_compared_at_once(heights: Heights, outputs: int) -> None:
    left = after(heights, outputs)
    assert adds_at_once(left) or (outputs and sum(left) <= 6)


def test_a_neuron_of_174_bits_takes_less_than_two_luts_for_three_of_them() -> None:
    # As pairs save two bits a LUT, 83 is the least for a sum of 8 bits.
    assert 83 < plan((174,), 0).luts < 92
    # Carry chains of two words alone would take 63, and then compare.
    assert plan((35, 35), 2).luts < 42


def test_small_neurons_are_tables() -> None:
    assert (plan((5,), 2).luts, plan((6,), 2).luts, plan((6,), 1).luts) == (1, 2, 1)
    assert plan((2, 2), 2).levels == ()


def test_comparisons_take_several_bits_a_lut() -> None:
    # Seven bits: the upper result two look-up tables, the lower one two.
    assert [compare_luts(bits, 2) for bits in (5, 6, 7, 10)] == [1, 2, 4, 5]
