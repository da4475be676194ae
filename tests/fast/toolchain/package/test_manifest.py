from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import FACTS, USE, record, records
from toolchain.board import AmdBoard
from toolchain.catalog import load_board
from toolchain.device.checksums import write_manifest
from toolchain.layout import Request
from toolchain.package.amd.facts import board_facts
from toolchain.package.manifest import Origin, build_manifest
from toolchain.package.revision import git_revision
from toolchain.report.table import _timing_rows
from toolchain.results.facts import AmdSynthesiseFacts, VivadoFacts
from toolchain.results.facts.hardware import PllSetting
from toolchain.results.manifest import Manifest, Revision
from toolchain.results.model import parse

RECIPE = {"title": "t", "data": {"seed": 3}, "network": {}, "training": {"seed": 4}}


def _origin(root: Path) -> Origin:
    return Origin(Request("ulx3s", "cqmlp"), load_board("ulx3s"), RECIPE, {"torch": "2.13.0"}, root)


def test_the_manifest_names_where_everything_comes_from(tmp_path: Path) -> None:
    manifest = build_manifest(_origin(tmp_path), records()).to_json()
    assert manifest["format"] == Manifest.VERSION
    assert manifest["seeds"] == {"data": 3, "training": 4, "place and route": 1}
    assert manifest["status"] == "bitstream"
    assert manifest["tools"] == {"tool": "1"}
    assert manifest["resources"]["kind"] == "routed"
    assert manifest["stages"]["simulate"]["verified"] == {"compared": 366, "equal": 366}
    json.dumps(manifest)


def test_the_manifest_does_not_depend_on_the_time_a_stage_took(tmp_path: Path) -> None:
    slow = {name: record.model_copy(update={"seconds": 99.0}) for name, record in records().items()}
    assert build_manifest(_origin(tmp_path), slow) == build_manifest(_origin(tmp_path), records())


def test_the_revision_says_whether_the_tree_was_changed(tmp_path: Path) -> None:
    assert git_revision(tmp_path) == Revision(revision=None, dirty=None)

    def git(*words: str) -> None:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "f").write_text("1")
    git("add", "f")
    git("commit", "-m", "first")
    clean = git_revision(tmp_path)
    assert clean.revision and len(clean.revision) == 40
    assert clean.dirty is False
    (tmp_path / "f").write_text("2")
    assert git_revision(tmp_path) == Revision(revision=clean.revision, dirty=True)
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "gateweave").touch()
    assert git_revision(tmp_path / "environment") == Revision(revision=None, dirty=None), "of no file in there"


def test_a_clock_of_the_pll_is_told_with_its_crystal(tmp_path: Path) -> None:
    pll = PllSetting(cell="EHXPLLL", reference=2, feedback=5, output=10, compared_mhz=12.5, oscillator_mhz=625)
    facts = FACTS["clock"].model_copy(update={"clock_mhz": 62.5, "pll": pll})
    timing = build_manifest(_origin(tmp_path), records() | {"clock": record("clock", facts=facts)}).timing
    assert timing is not None and timing.crystal_mhz == 25
    assert ("clock", "62.5 MHz by the PLL from 25 (up to 60.0)", "routed") in [
        *_timing_rows(timing.model_copy(update={"clock_mhz": 62.5}))
    ]
    own = build_manifest(_origin(tmp_path), records()).timing
    assert own is not None and own.crystal_mhz is None


@pytest.mark.parametrize(
    ("name", "kind", "netlist"), [("zcu104", "synthesised", "n.json"), ("pynq-z2", "estimated", None)]
)
def test_the_manifest_of_an_amd_package_is_read_back_as_it_was(
    name: str, kind: str, netlist: str | None, tmp_path: Path
) -> None:
    board = load_board(name)
    assert isinstance(board, AmdBoard)
    handoff = VivadoFacts(status="handoff", kind="requested", clock_mhz=board.clock.mhz)
    use = AmdSynthesiseFacts.model_validate(
        {"kind": kind, "netlist": netlist, "resources": USE, "used_percent": {"lut": 0.4}}
    )
    made = records() | {"implement": record("implement", facts=handoff), "synthesise": record("synthesise", facts=use)}
    origin = Origin(Request(name, "cqmlp", flow="dataflow", fps="max"), board, RECIPE, {}, tmp_path)
    stream = {"type": "INT2", "elements": 8, "folded": [1, 4, 2], "engine": "idma0"}
    whole = {
        **build_manifest(origin, made).to_json(),
        **board_facts(board),
        "stream": {"input": stream, "output": stream},
    }
    packed = write_manifest(tmp_path, {**whole, "roles": {"manifest": "manifest.json"}})
    assert (packed["status"], packed["resources"]["kind"]) == ("handoff", kind)
    assert parse(packed, Manifest, "manifest.json", "make build").to_json() == packed
