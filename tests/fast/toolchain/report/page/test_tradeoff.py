"""Which builds of a network no other beats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolchain.layout import Layout
from toolchain.report.page.compare import entry, points, tradeoff
from toolchain.report.page.gather import Build, gather


def built(build: Build, luts: int, rate: float) -> Build:
    timing = {"inferences_per_second": rate, "kind": "routed", "cycles_kind": "simulated", "initiation_interval": 1}
    manifest = {**build.manifest, "resources": {"lut": luts, "kind": "routed"}, "timing": timing}
    return replace(build, manifest=manifest)


@pytest.fixture
def build(layout: Layout) -> Build:
    return gather(layout)


def test_a_build_that_is_larger_and_slower_than_another_is_not_best(build: Build) -> None:
    entries = [entry(built(build, *one)) for one in ((100, 10.0), (200, 40.0), (300, 20.0), (200, 30.0), (100, 10.0))]
    assert [point.best for point in points(entries)] == [True, True, False, False, True]


def test_one_build_alone_has_nothing_to_be_held_against(build: Build) -> None:
    assert tradeoff("one", [entry(built(build, 100, 10.0))]) is None
    plot = tradeoff("two", [entry(built(build, 100, 10.0)), entry(built(build, 200, 20.0))])
    assert plot is not None
    assert "LUTs" in plot
