"""A router that gets nowhere is told from one that takes its time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import pytest

from toolchain.errors import CongestionError, WiresError
from toolchain.fpga.congestion import Congestion


def see(left: Sequence[int], arcs: int = 65_070) -> None:
    """Let it read a log in which so many connections are left after each thousand steps."""
    congestion = Congestion("ulx3s, LFE5U-85F")
    congestion.see(f"Info: Routing {arcs} arcs.\n")
    congestion.see("Info:    IterCnt |  w/ripup   wo/ripup |  w/r  wo/r |      arcs| batch(sec) total(sec)|\n")
    for row, count in enumerate(left, 1):
        congestion.see(
            f"Info: {1000 * row:>10} |      500        500 |  500   500 | {count:>9}|       0.50      12.50|\n"
        )


def test_a_router_that_stands_still_is_ended_with_what_to_change() -> None:
    stuck = [64_070, 63_100, *(60_000 - 90 * row for row in range(20))]
    with pytest.raises(CongestionError, match=r"85F: .* of 65,070 are left, and the last 8,000 .*STRATEGY=folded"):
        see(stuck)


def test_the_rows_of_a_real_one_that_got_nowhere_are_told() -> None:
    # An unrolled core of 784 inputs on an LFE5U-85F.
    with pytest.raises(CongestionError, match="61,749 of 63,569 are left"):
        see([63_075, 62_779, 62_588, 62_374, 62_265, 62_144, 61_949, 61_863, 61_749, 61_679], 63_569)


def test_one_that_tears_up_more_than_it_makes_is_ended_too() -> None:
    with pytest.raises(CongestionError, match="too dense to route"):
        see([30_000 + 50 * row for row in range(12)])


def test_slow_progress_and_a_long_end_are_left_alone() -> None:
    see([65_000 - 200 * row for row in range(300)])
    see([3_000] * 50)
    # Tables with connections drawn by chance, on an LFE5U-85F.
    see([16_951, 16_803, 16_539, 16_095, 15_911, 15_749, 15_625, 15_438, 15_512], 33_778)


def test_a_few_rows_decide_nothing() -> None:
    see([50_000] * 8)


def test_another_attempt_begins_anew() -> None:
    congestion = Congestion("ulx3s")
    row = "Info:       1000 |      500        500 |  500   500 |     50000|       0.50      12.50|\n"
    for line in [*[row] * 8, "Info: Routing 65070 arcs.\n", *[row] * 8]:
        congestion.see(line)
    with pytest.raises(CongestionError):
        congestion.see(row)


def passes(overused: Sequence[int]) -> None:
    """Let it read the log of the other router."""
    congestion = Congestion("ulx3s, LFE5U-85F")
    for row, count in enumerate(overused, 1):
        congestion.see(f"Info:     iter={row} wires=133079 overused={count} overuse={count + 9} archfail=NA\n")


def test_passes_of_the_other_router_that_change_little_are_ended() -> None:
    with pytest.raises(CongestionError, match=r"share 31,000 wires, as many as 5 passes .* before \(36,000\)"):
        passes([36_000, *(35_000 - 1000 * row for row in range(9))])


def test_passes_that_come_home_go_on_to_the_last_few_wires() -> None:
    passes(
        [11_158, 7_327, 4_489, 2_511, 1_415, 693, 355, 191, 105, 77, 62, 34, 14, 10, 9, 5, 7, 6, 3, 2, 2, 2, 2, 1, 0]
    )


@pytest.mark.parametrize(
    ("luts", "length", "dense"),
    [
        (20_447, 493_501, True),  # an unrolled core of 784 inputs
        (8_309, 114_020, False),  # routed
        (300, 9_000, False),  # few cells, far apart
        (70_631, 696_278, False),  # the first one, with empty cells in three rows of five
    ],
)
def test_wires_too_long_for_their_cells_are_told_before_they_are_routed(luts: int, length: int, dense: bool) -> None:
    congestion = Congestion("ulx3s, LFE5U-85F")
    congestion.see(f"Info: \t        TRELLIS_COMB:   {luts}/  83640    24%\n")
    congestion.see(
        "Info:     at iteration #1, type ALL: wirelen solved = 1, spread = 2, legal = 9000000; time = 5.2s\n"
    )
    congestion.see(
        f"Info:     at iteration #2, type ALL: wirelen solved = 3, spread = 4, legal = {length}; time = 5s\n"
    )
    with pytest.raises(WiresError, match=f"{length:,} tiles long, 24 for each LUT") if dense else nullcontext():
        congestion.see("Info: HeAP Placer Time: 72.64s\n")
