"""What `compare` makes of cores that are too large to be synthesised for a comparison's sake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.stages import comparing
from flows.stages.context import Context
from tests.fast.hls.networks import Shape, random_network
from toolchain.layout import Layout, Request
from toolchain.report.compare import compared

NETWORK = random_network(Shape("BINARY", 8, (8, 3)), seed=1)


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
