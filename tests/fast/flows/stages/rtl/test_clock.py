"""Which clock a design gets, with a stand-in for making and routing it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.stages.context import Context, Outcome
from flows.stages.rtl import clock
from tests.fast.toolchain.fabricated import FOLDED, record
from toolchain.errors import FitError, TimingError, WiresError
from toolchain.fpga.backend import Aim
from toolchain.fpga.nextpnr import SEEDS
from toolchain.layout import Layout, Request
from toolchain.results.facts import ClockFacts, FoldFacts, ImplementFacts, SynthesiseFacts
from toolchain.results.facts.hardware import Estimate, Use
from toolchain.results.record import write_record

USE = Use(lut=1, ff=1, bram=0, dsp=0)
CYCLES = FOLDED.initiation_interval


class Design:
    """A design that bears so many MHz, a figure each time that it is made; the last one all further times.

    None: it is not routed at all; an error: for that reason.
    """

    def __init__(self, *bears: float | FitError | None) -> None:
        self._bears = list(bears)
        self.aims: list[Aim] = []

    def implement(self, context: Context, netlist: Path, out: Path, aim: Aim) -> Outcome:
        self.aims.append(aim)
        reached = self._bears.pop(0) if len(self._bears) > 1 else self._bears[0]
        if reached is None or isinstance(reached, FitError):
            raise reached or FitError("ulx3s: too dense")
        if reached < aim.mhz * (1 + aim.margin):
            raise TimingError("ulx3s: too slow", reached)
        facts: dict[str, Any] = {"config": "c", "resources": USE, "used_percent": {}, "critical_path": (), "seed": 1}
        kinds: dict[str, Any] = {"status": "bitstream", "kind": "routed"}
        return Outcome("", facts=ImplementFacts(**kinds, **facts, fmax_mhz=reached, clock_mhz=aim.mhz))

    @property
    def tried(self) -> list[float]:
        return [aim.mhz for aim in self.aims]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the stage on a design; gives its facts."""

    def run(design: Design, *, folded_mhz: float = 25, reached: bool = True, **asked: Any) -> ClockFacts:
        layout = Layout(Request("ulx3s", "cqmlp", **asked), tmp_path)
        target = 1e6 * folded_mhz / CYCLES if reached else None
        folding = replace(
            FOLDED, strategy=asked.get("strategy", "folded"), clock_hz=round(folded_mhz * 1e6), target_fps=target
        )
        facts = FoldFacts(estimate=Estimate(of="chip", lut=1, ff=1, bram=0), folding=folding)
        write_record(layout.record("fold"), record("fold", facts=facts))
        monkeypatch.setattr(clock, "generate", lambda *words: None)
        mapped = Outcome("", facts=SynthesiseFacts(netlist="n", resources=USE))
        monkeypatch.setattr(clock, "synthesise", lambda *words: mapped)
        monkeypatch.setattr(clock, "implement", design.implement)
        outcome = clock.run(Context("clock", layout.request, layout, tmp_path / "out"))
        assert isinstance(outcome.facts, ClockFacts)
        return outcome.facts

    return run


@pytest.mark.parametrize(
    ("bears", "tried", "chosen"),
    [
        ([53.0], [50], 50),  # no faster one is borne: nothing is made twice
        ([106.0], [50, 100], 100),
        ([84.0, 80.0], [50, 75], 75),
        ([84.0, 70.0, 68.0], [50, 75, 62.5], 62.5),  # the second time it fell short of what the first time promised
        ([84.0, 60.0], [50, 75], 50),
        ([52.0], [50, 37.5], 37.5),  # faster than the clock, but by less than the margin
        ([38.0], [50, 25], 25),
        ([26.0], [50, 25], 25),  # the crystal's own needs no margin
        ([84.0, None], [50, 75], 50),  # more registers for a faster clock, and no way to route them
        ([None, 70.0, 55.0], [50, 25, 37.5], 37.5),
    ],
)
def test_the_fastest_clock_that_the_design_bears(
    found: Any, bears: Sequence[float | None], tried: list[float], chosen: float
) -> None:
    design = Design(*bears)
    facts = found(design)
    assert (design.tried, facts.clock_mhz, facts.crystal_mhz, facts.asked) == (tried, chosen, 25, False)
    assert [trial.clock_mhz for trial in facts.trials] == tried
    assert max(trial.clock_mhz for trial in facts.trials if trial.met) == chosen
    assert (facts.pll is None) == (chosen == 25)


def test_of_an_unrolled_core_only_clocks_with_short_answers_are_tried(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock.files, "network", lambda context: None)
    monkeypatch.setattr(clock, "short_clocks", lambda network, clocks, family, blocks: clocks[:3])
    design = Design(106.0)
    assert (found(design, strategy="unrolled").clock_mhz, design.tried) == (50, [50])


def test_where_the_shortest_answers_miss_every_clock_of_theirs_layouts_with_more_registers_are_tried(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made for 25 MHz it bears 19; made for 50, with a register more, it bears 42."""
    monkeypatch.setattr(clock.files, "network", lambda context: None)
    monkeypatch.setattr(clock, "short_clocks", lambda network, clocks, family, blocks: clocks[:1])
    design = Design(19.0, 42.0)
    assert found(design, strategy="unrolled").clock_mhz == 37.5
    assert design.tried == [25, 50, 37.5]


def test_what_was_made_for_the_chosen_clock_is_kept(found: Any, tmp_path: Path) -> None:
    found(Design(84.0, 60.0))
    [kept] = tmp_path.glob("**/clock/trial/implement.json")
    assert ImplementFacts.model_validate(json.loads(kept.read_text())["facts"]).clock_mhz == 50


def test_only_the_slowest_clock_is_worth_all_seeds(found: Any) -> None:
    design = Design(38.0)
    found(design)
    assert [(len(aim.seeds), aim.margin) for aim in design.aims] == [(1, clock.MARGIN), (len(SEEDS), 0.0)]


def test_a_design_that_bears_not_even_the_crystal_is_an_error(found: Any) -> None:
    with pytest.raises(TimingError, match="ulx3s: too slow"):
        found(Design(24.0))


def test_a_design_that_cannot_be_routed_for_the_crystal_either_is_an_error(found: Any) -> None:
    with pytest.raises(FitError, match="ulx3s: too dense"):
        found(Design(None))


def test_too_many_wires_end_the_search_unless_another_clock_was_routed(found: Any) -> None:
    hopeless = Design(WiresError("ulx3s: too many wires"))
    with pytest.raises(WiresError):
        found(hopeless)
    assert len(hopeless.tried) == 1
    assert found(Design(75.0, WiresError("ulx3s: too many wires"))).clock_mhz == 50


def test_a_clock_that_was_asked_for_is_not_tried_here(found: Any) -> None:
    design = Design(10.0)
    facts = found(design, clock=62.5)
    assert (design.tried, facts.clock_mhz, facts.asked, facts.trials) == ([], 62.5, True, ())
    assert (facts.pll.cell, facts.pll.reference, facts.pll.feedback, facts.pll.output) == ("EHXPLLL", 2, 5, 10)
    assert found(design, clock=25).pll is None


def test_a_rate_that_was_asked_for_keeps_its_clock(found: Any) -> None:
    design = Design(79.0)
    assert found(design, folded_mhz=62.5, fps=1e6).clock_mhz == 75
    assert design.tried == [62.5, 75]
    assert found(Design(62.6), folded_mhz=62.5, fps=1e6).clock_mhz == 62.5


def test_a_rate_that_the_routed_design_misses_names_the_best(found: Any) -> None:
    said = rf"FPS=5e\+06: {CYCLES} clocks an inference need 75 MHz, the routed design bears 60\.0; the best rate that "
    with pytest.raises(TimingError, match=said + rf"it reaches is {50_000_000 // CYCLES} \(at 50 MHz\): lower FPS"):
        found(Design(60.0), folded_mhz=75, fps=5e6)


def test_the_board_s_own_rate_gives_way(found: Any) -> None:
    facts = found(Design(60.0), folded_mhz=75)
    assert facts.clock_mhz == 50 and facts.missed_fps == 75e6 / CYCLES
    assert found(Design(80.0), folded_mhz=75).missed_fps is None


def test_a_rate_out_of_reach_asks_for_no_clock(found: Any) -> None:
    facts = found(Design(60.0), folded_mhz=25, reached=False)
    assert facts.clock_mhz == 50 and facts.missed_fps is None


def test_what_was_tried_is_taken_where_it_is_the_same(tmp_path: Path) -> None:
    from flows.stages.rtl.trial import forget, fresh_attempt, keep, take, tried

    layout = Layout(Request("ulx3s", "cqmlp"), tmp_path)
    context = Context("synthesise", layout.request, layout, tmp_path / "out")
    context.out.mkdir()
    (mine := tmp_path / "rtl").mkdir()
    (mine / "a.v").write_text("module a; endmodule")
    assert tried(context, "synthesise", "generate/rtl", mine) is None
    folder = fresh_attempt(replace(context, stage="clock"))
    (folder / "generate/rtl").mkdir(parents=True)
    (folder / "generate/rtl/a.v").write_text("module a; endmodule")
    (folder / "synthesise").mkdir()
    (folder / "synthesise/n.json").write_text("{}")
    made = Outcome("", facts=SynthesiseFacts(netlist="n.json", resources=USE), tools={"yosys": "1"})
    keep(folder, "synthesise", made)
    assert tried(context, "synthesise", "generate/rtl", mine) is None
    take(context)
    taken = tried(context, "synthesise", "generate/rtl", mine)
    assert taken is not None and (taken.facts, taken.tools) == (made.facts, {"yosys": "1"})
    assert (context.out / "n.json").read_text() == "{}"
    (mine / "a.v").write_text("module a; wire another; endmodule")
    assert tried(context, "synthesise", "generate/rtl", mine) is None
    (mine / "a.v").write_text("module a; endmodule")
    forget(context)
    assert tried(context, "synthesise", "generate/rtl", mine) is None
