"""What an explanation says of other foldings is what a build of that rate, or of that board, would come to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.explaining.elsewhere import elsewhere
from flows.explaining.ways import NOTHING, allowed, ways_of
from flows.explaining.what_if import WhatIf
from flows.stages.context import Context
from flows.stages.rtl import fold
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.shell import shell_of
from tests.fast.hls.networks import Shape, random_network
from tests.fast.toolchain.runtime.network_file.files import conv_tflite
from tests.slow.flows.test_reckon import _context as context_of
from toolchain.errors import BuildError
from toolchain.graph.graph import Graph
from toolchain.results.facts import FoldFacts
from toolchain.results.folding import FoldedUnits, Folding
from toolchain.results.record import StageRecord, write_record
from toolchain.runtime.network_file.opening import open_network

DENSE = random_network(Shape("BINARY", 64, (32, 16, 4)), seed=1).graph
CLOCK = 25e6


def _folded(folder: Path, board: str, graph: Graph, **asked: object) -> Context:
    """A build up to its folding."""
    context = context_of(folder, board, graph)
    context = replace(context, request=replace(context.request, **asked))  # type: ignore[arg-type]
    context = replace(context, layout=replace(context.layout, request=context.request))
    made = context.layout.stage("fold")
    made.mkdir(parents=True)
    facts = fold.run(replace(context, out=made)).facts
    write_record(context.layout.record("fold"), StageRecord(stage="fold", seconds=1.0, outputs={}, facts=facts))
    return context


def _asked(context: Context) -> WhatIf:
    units = isinstance(context.facts("fold", FoldFacts).folding, FoldedUnits)
    return WhatIf(ways_of(context), allowed(context, units), CLOCK)


@pytest.fixture(params=["dense", "units"])
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Context:
    """A chain of dense layers, or a convolution, for the board's own rate."""
    if request.param == "dense":
        return _folded(tmp_path, "ulx3s", DENSE)
    return _folded(tmp_path, "ulx3s", open_network(conv_tflite(tmp_path / "net.tflite")).source.graph)


def test_the_layer_with_most_clocks_limits_the_rate(built: Context) -> None:
    folding = built.facts("fold", FoldFacts).folding
    asked = _asked(built)
    cycles = {layer.name: layer.cycles for layer in asked.ways.taken.layers}
    rate, *resources = asked.limits()
    assert (rate.what, rate.value) == ("rate", max(cycles.values()))
    assert cycles[rate.layer] == rate.value <= folding.initiation_interval
    for limit in resources:
        uses = {layer.name: layer.use[limit.what] for layer in asked.ways.taken.layers}
        assert (uses[limit.layer], limit.of) == (limit.value, sum(uses.values()))
        assert limit.value == max(uses.values())


def test_the_next_faster_is_what_a_build_of_its_rate_would_be(built: Context) -> None:
    points = {way.name: way for way in _asked(built).points()}
    taken, faster = points["as built"], points["next faster"]
    assert faster.interval < taken.interval and not faster.lacks and faster.changes
    request = replace(built.request, fps=CLOCK / faster.interval, clock=25.0)
    there, link = replace(built, request=request), shell_of(built.board).cost
    made = choose_for(there, fold.files.graph(built), link).reckon(there, link)
    assert (made.interval, made.chip) == (faster.interval, faster.chip)


def test_a_smaller_one_is_slower_and_saves_luts(built: Context) -> None:
    points = {way.name: way for way in _asked(built).points()}
    smaller, taken = points["next smaller"], points["as built"]
    assert smaller.interval > taken.interval
    assert smaller.chip.lut < taken.chip.lut
    assert smaller.fps == round(CLOCK / smaller.interval, 1)


def test_where_the_rate_is_reached_more_of_nothing_is_needed(built: Context) -> None:
    asked = _asked(built)
    assert (asked.is_bound_by_the_board, asked.has_faster, asked.one_more()) == (False, True, ())


def test_as_few_more_as_buy_a_faster_one_are_told(tmp_path: Path) -> None:
    asked = _asked(_folded(tmp_path, "icebreaker", DENSE, fps="max"))
    assert asked.is_bound_by_the_board
    points = {way.name: way for way in asked.points()}
    assert "fastest that fits" not in points and "LUT" in points["next faster"].lacks
    [lut] = [more for more in asked.one_more() if more.resource == "lut"]
    assert lut.count is not None and lut.interval is not None
    below = points["as built"].interval - 1
    bought = asked.ways.within(below, {**NOTHING, "lut": lut.count})
    assert bought is not None and bought.interval == lut.interval
    assert asked.ways.within(below, {**NOTHING, "lut": lut.count - 1}) is None


def test_an_unrolled_core_has_no_faster_form_but_smaller_ones(tmp_path: Path) -> None:
    asked = _asked(_folded(tmp_path, "ulx3s", DENSE, strategy="unrolled"))
    assert (asked.is_bound_by_the_board, asked.has_faster) == (False, False)
    lut = next(limit for limit in asked.limits() if limit.what == "lut")
    assert (lut.layer, lut.option) == ("fc0", "unrolled")
    points = {way.name: way for way in asked.points()}
    assert "next faster" not in points and points["smallest"].interval > 1


def test_a_folding_of_another_version_is_refused(tmp_path: Path) -> None:
    context = _folded(tmp_path, "ulx3s", DENSE)
    facts = context.facts("fold", FoldFacts)
    assert isinstance(facts.folding, Folding)
    layers = tuple(replace(layer, weight_rom="elsewhere") for layer in facts.folding.layers)
    other = facts.model_copy(update={"folding": replace(facts.folding, layers=layers)})
    write_record(context.layout.record("fold"), StageRecord(stage="fold", seconds=1.0, outputs={}, facts=other))
    with pytest.raises(BuildError, match=r"no folding of this version of Gateweave; run `make build` again"):
        _asked(context).limits()


def test_the_nearest_boards_are_the_next_larger_and_the_next_smaller(tmp_path: Path) -> None:
    found = elsewhere(_folded(tmp_path, "tangnano9k", DENSE), DENSE)
    assert [(one.why, one.verdict.board) for one in found] == [
        ("nearest larger", "pynq-z1"),
        ("nearest smaller", "icebreaker"),
    ]
    for one in found:
        assert one.verdict.estimate is not None
        assert one.verdict.estimate.fps > 0
