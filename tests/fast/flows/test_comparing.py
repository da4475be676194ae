"""What `compare` makes of cores of units, and of those that are too large to be synthesised for its sake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.stages import comparing
from flows.stages.context import Context
from tests.fast.hls.networks import Shape, random_network
from tests.fast.toolchain.fabricated import record
from toolchain.layout import Layout, Request
from toolchain.report.compare import compared
from toolchain.results.facts import FoldFacts
from toolchain.results.facts.hardware import Estimate
from toolchain.results.folding import FoldedUnits, FoldedUse
from toolchain.results.record import write_record

NETWORK = random_network(Shape("BINARY", 8, (8, 3)), seed=1)
ESTIMATE = Estimate(of="chip", lut=900, ff=400, bram=1)
UNITS = FoldedUnits(
    strategy="units",
    stages=(),
    fifos=(),
    initiation_interval=48,
    latency_cycles=60,
    fps=1e8 / 48,
    clock_hz=100_000_000,
    target_fps=None,
    estimate=FoldedUse(lut=700, ff=300, bram=1, dsp=0),
    small_ram="distributed",
)


@pytest.mark.parametrize("strategy", ["folded", "unrolled"])
def test_a_core_of_too_many_luts_is_estimated_only_and_says_so(
    strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: Any, **named: Any) -> None:
        raise AssertionError("made all the same")

    monkeypatch.setattr(comparing.files, "network", lambda context: NETWORK)
    monkeypatch.setattr(comparing, "generate_core", never)
    monkeypatch.setattr(comparing, "MOST_LUT", 3)
    layout = Layout(Request("zcu104", "cqmlp", flow="finn"), tmp_path)
    layout.events.parent.mkdir(parents=True, exist_ok=True)
    (row,) = compared(comparing.own_rows(Context("compare", layout.request, layout, tmp_path), strategy))
    assert (row.core, row.kind) == (strategy, "estimated")
    assert row.lut and row.lut > 3
    assert row.note == f"not synthesised: an estimated {row.lut:,} LUT, and compare stops at 3"
    assert f"{strategy} core not synthesised" in layout.events.read_text()


def test_a_core_of_units_is_a_row_of_the_strategy_that_it_was_built_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing.files, "chip", lambda context: None)
    monkeypatch.setattr(comparing, "MOST_LUT", 3)
    layout = Layout(Request("zcu104", "cqmlp", flow="dataflow"), tmp_path)
    layout.events.parent.mkdir(parents=True, exist_ok=True)
    write_record(layout.record("fold"), record("fold", facts=FoldFacts(estimate=ESTIMATE, folding=UNITS)))
    (row,) = comparing.built_rows(Context("compare", layout.request, layout, tmp_path))
    assert (row.core, row.kind, row.lut, row.initiation_interval) == ("folded", "estimated", 700, 48)
