"""compare.v and search.v: every result and every clock; thresholds anywhere, rising and falling results."""

from __future__ import annotations

from pathlib import Path

from hls.units.thresholding import Choice
from tests.sim.hls.units import bench
from tests.sim.hls.units.threshold_nodes import rounded, tables


def test_comparison_and_search_give_every_code_in_its_clock(tmp_path: Path) -> None:
    steep, wide = tables(4, 3, 9, x_step=3), tables(4, 15, 5000)
    falling, odd = tables(4, 6, 300, step=-2, least=5), tables(6, 5, 40, step=3, least=-7)
    shared = rounded(1, 100, 7)
    bench.check(
        tmp_path,
        steep.bench("compare_lanes", Choice("compare", 4)),
        wide.bench("compare_block", Choice("compare", 2, rom="block")),
        falling.bench("compare_falling", Choice("compare", 2)),
        odd.bench("compare_odd", Choice("compare", 3)),
        shared.bench("compare_shared", Choice("compare", 1)),
        tables(4, 1, 30).bench("compare_one", Choice("compare", 2)),
        steep.bench("search_few", Choice("search")),
        wide.bench("search_block", Choice("search", rom="block")),
        falling.bench("search_falling", Choice("search")),
        odd.bench("search_odd", Choice("search")),
        rounded(3, 2**20, 255).bench("search_many", Choice("search")),
        tables(2, 1, 30, step=-1).bench("search_one", Choice("search")),
    )
