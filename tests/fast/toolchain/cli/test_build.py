"""What a build says at its end where Snakemake was told to stop before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.cli import build as building
from toolchain.cli.orders import Order
from toolchain.cli.plan import PLANNED
from toolchain.events import Event
from toolchain.layout import Request, layout_of

REQUEST = Request("host", "cqmlp", flow="ort")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))


def of_snakemake(monkeypatch: pytest.MonkeyPatch, ran: list[str], left: list[str]) -> list[Order]:
    """Snakemake that ran some stages, and would still run others; the orders of plans."""
    asked: list[Order] = []

    def plan(order: Order) -> str:
        asked.append(order)
        return PLANNED + json.dumps({"jobs": dict.fromkeys(left, ""), "why": {}})

    monkeypatch.setattr(building, "run", lambda *words: [Event("done", stage, "") for stage in ran])
    monkeypatch.setattr(building, "planned", plan)
    return asked


def test_a_build_that_was_told_to_stop_says_what_ran_and_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = of_snakemake(monkeypatch, ["data"], ["train", "package"])
    building.build(REQUEST, "all", 1, ["--until", "data"])
    said = " ".join(capsys.readouterr().out.split())
    assert "as asked of Snakemake by --until data: data ran" in said
    assert "still to run: train, package; `make build BOARD=host MODEL=cqmlp" in said
    # What is left is asked for without the words that stopped it.
    assert "--until" not in asked[0].command(Path("request.json"))
    # It is no build yet that `make show` could show.
    assert not layout_of(REQUEST).latest.exists()


def test_words_that_leave_nothing_out_change_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_snakemake(monkeypatch, [], [])
    building.build(REQUEST, "all", 1, ["--verbose"])
    assert "nothing to do: BOARD=host MODEL=cqmlp" in capsys.readouterr().out
    assert layout_of(REQUEST).latest.exists()
