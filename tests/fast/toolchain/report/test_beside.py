"""A network that decides beside the larger one that its recipe names: both built alike, or the command that does it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tests.fast.toolchain.fabricated import ACCOUNT, DECISION, records
from tests.fast.toolchain.package.test_manifest import RECIPE
from tests.fast.toolchain.package.test_manifest import _origin as origin_of
from toolchain.device.checksums import write_manifest
from toolchain.layout import Layout, Request
from toolchain.package.manifest import build_manifest
from toolchain.report.beside import beside_of
from toolchain.report.beside_table import OTHER_TEST, beside_rows, beside_table
from toolchain.results.account import Account
from toolchain.results.facts.decision import Beside
from toolchain.results.manifest import Manifest
from toolchain.results.report import SideBySide

OWN = Request("ulx3s", "dualcnn", clock=25.0)
OTHER = replace(OWN, model="litecnn", recipe="mnist", fps=2000.0)


def test_what_is_not_built_is_named_with_its_command(tmp_path: Path) -> None:
    both = _beside(tmp_path)

    assert both and both.other is None and both.own.switched_bits == 2440
    assert both.command == ("make build BOARD=ulx3s MODEL=litecnn RECIPE=mnist STRATEGY=folded FPS=2000 CLOCK=25")
    assert f"build it with `{both.command}`" in _printed(both)


def test_both_are_told_where_both_are_built(tmp_path: Path) -> None:
    whole = ACCOUNT.ways[1].model_copy(update={"name": "every input", "share": 1.0})
    _write(Layout(OTHER, tmp_path), account=Account.of((whole,)))
    both = _beside(tmp_path)

    assert both and both.other and both.command is None and both.same_test
    rows = {row[0]: row[1:] for row in beside_rows(both.own, both.other)}
    assert rows["operations, counted"] == ("1,600", "4,000", "40%", "")
    assert rows["energy: switched bits"] == ("2,440", "5,000", "49%", "estimated")
    assert rows["LUT"] == ("1,000", "1,000", "100%", "routed")
    assert "energy, net" not in rows and "one call, us" not in rows
    assert OTHER_TEST not in _printed(both)


def test_another_rate_is_another_build(tmp_path: Path) -> None:
    _write(Layout(replace(OTHER, fps=None), tmp_path))
    both = _beside(tmp_path)
    assert both and both.other is None


def test_a_rate_that_the_board_does_not_aim_at_is_not_asked_for(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path)
    fast = manifest.recipe.model_copy(update={"fps": 1e9})
    decision = DECISION.model_copy(update={"beside": Beside(model="litecnn", recipe="mnist")})
    changed = manifest.model_copy(update={"recipe": fast, "decision": decision})
    both = beside_of(Layout(OWN, tmp_path), changed, None)
    assert both and both.command and "FPS" not in both.command


def test_other_test_sets_are_said(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path)
    assert manifest.data
    few = manifest.data.model_copy(update={"windows": {"blocked": {"test": {"normal": 3}}}})
    _write(Layout(OTHER, tmp_path), data=few)
    both = _beside(tmp_path)
    assert both and both.same_test is False
    assert OTHER_TEST in _printed(both)


def test_a_recipe_that_names_none_has_nothing_beside(tmp_path: Path) -> None:
    assert beside_of(Layout(OWN, tmp_path), _manifest(tmp_path, decision=DECISION), None) is None


def _beside(root: Path) -> SideBySide | None:
    decision = DECISION.model_copy(update={"beside": Beside(model="litecnn", recipe="mnist")})
    return beside_of(Layout(OWN, root), _manifest(root, decision=decision, account=ACCOUNT), None)


def _manifest(root: Path, **changes: object) -> Manifest:
    origin = replace(origin_of(root), recipe={**RECIPE, "fps": 2000.0})
    return build_manifest(origin, records()).model_copy(update=changes)


def _write(layout: Layout, **changes: object) -> None:
    layout.stage("package").mkdir(parents=True)
    write_manifest(layout.stage("package"), {**_manifest(layout.root, **changes).to_json(), "roles": {}})


def _printed(both: SideBySide) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(beside_table(both))
    return console.export_text()
