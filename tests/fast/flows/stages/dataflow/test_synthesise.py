"""What the hand-off says a core takes: counted by Yosys, or of a large core what folding expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.stages.context import Context
from flows.stages.dataflow import synthesise
from flows.stages.xilinx import MOST_LUT
from tests.fast.toolchain.fabricated import FOLDED, record
from toolchain.fpga.results import Synthesis, Usage
from toolchain.layout import Layout, Request
from toolchain.results.facts import AmdSynthesiseFacts, FoldFacts
from toolchain.results.facts.hardware import Estimate, Use
from toolchain.results.record import write_record

COUNTED = Usage(lut=900, ff=800, bram=3, dsp=4)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tops that Yosys was to count."""
    asked: list[str] = []

    def count(family: str, top: str, *arguments: Any, **named: Any) -> Synthesis:
        asked.append(top)
        return Synthesis(Path("netlist.json"), COUNTED, "yosys 0.70")

    monkeypatch.setattr(synthesise, "synthesise", count)
    monkeypatch.setattr(synthesise.files, "chip", lambda context: _Chip())
    return asked


class _Chip:
    source_paths: tuple[Path, ...] = ()
    rtl = Path()


def _context(root: Path, lut: int) -> Context:
    layout = Layout(Request("zcu104", "cqmlp", flow="dataflow"), root)
    estimate = Estimate(of="chip", lut=lut, ff=2304, bram=156, dsp=432)
    write_record(layout.record("fold"), record("fold", facts=FoldFacts(estimate=estimate, folding=FOLDED)))
    return Context("synthesise", layout.request, layout, root)


def test_a_core_is_counted_by_yosys(tmp_path: Path, counted: list[str]) -> None:
    outcome = synthesise.run(_context(tmp_path, MOST_LUT))
    assert counted == ["axi_chip"]
    assert isinstance(outcome.facts, AmdSynthesiseFacts)
    assert (outcome.facts.kind, outcome.facts.netlist) == ("synthesised", "netlist.json")
    assert outcome.facts.resources == Use(lut=900, ff=800, bram=3, dsp=4)
    assert outcome.tools == {"yosys": "0.70"}


def test_a_large_core_is_estimated_and_every_figure_says_so(tmp_path: Path, counted: list[str]) -> None:
    outcome = synthesise.run(_context(tmp_path, MOST_LUT + 1))
    assert counted == []
    assert outcome.facts == AmdSynthesiseFacts(
        kind="estimated",
        netlist=None,
        resources=Use(lut=MOST_LUT + 1, ff=2304, bram=156, dsp=432),
        used_percent={"lut": 17.4, "ff": 0.5, "bram": 25.0, "dsp": 25.0},
    )
    assert outcome.summary == (
        f"{MOST_LUT + 1:,} LUT, 2,304 FF, 156 block RAMs of 18 kbit, 432 DSPs (estimated; Yosys counts cores of up to "
        f"{MOST_LUT:,} LUT)"
    )
    assert outcome.tools == {}
