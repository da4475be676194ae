"""`gateweave explain` finds the build that is meant, and keeps what it says in its folder."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.fast.toolchain.report.page.conftest import layout as layout
from tests.fast.toolchain.report.test_explanation import explanation
from toolchain.cli import explain as command
from toolchain.errors import BuildError, ConfigError
from toolchain.layout import Layout
from toolchain.results.explained import EXPLANATION, Explanation
from toolchain.results.model import read_file
from toolchain.results.request import write_newest
from toolchain.results.schemas import schema_of


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.CompletedProcess[str]]:
    """What `python -m flows.explain` is to answer, in order."""
    given: list[subprocess.CompletedProcess[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: given.pop(0))
    return given


def _done(code: int, out: str = "", err: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, out, err)


def test_it_is_printed_and_kept(
    layout: Layout, answers: list[subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    made = explanation()
    answers += [_done(0, f"a notice\n{json.dumps(made.to_json())}\n")] * 2
    command.explain(layout, as_json=True)
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, schema_of(Explanation))
    assert read_file(layout.variant_dir / EXPLANATION, Explanation, "") == made
    command.explain(layout, as_json=False)
    assert "net on ulx3s, default-folded" in capsys.readouterr().out


def test_why_there_is_none_is_one_line(layout: Layout, answers: list[subprocess.CompletedProcess[str]]) -> None:
    answers += [_done(3, err="a warning\nfolding.json: of another version"), _done(1, err="Traceback\nKeyError: 'x'")]
    with pytest.raises(BuildError, match=r"^folding.json: of another version$"):
        command.explained(layout)
    with pytest.raises(BuildError, match="default-folded: cannot be explained: KeyError: 'x'"):
        command.explained(layout)
    assert not (layout.variant_dir / EXPLANATION).exists()


def test_a_folder_its_package_or_the_newest_build_is_meant(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(layout.root))
    write_newest(layout.latest, layout.request)
    for folder in (layout.variant_dir, layout.stage("package"), None):
        assert command.layout_to_explain(folder, "ulx3s", "cqmlp", None) == layout
    assert command.layout_to_explain(None, "ulx3s", "cqmlp", layout.request) == layout
    with pytest.raises(ConfigError, match="unknown board 'ulx2s'"):
        command.layout_to_explain(None, "ulx2s", "cqmlp", None)


def test_another_folder_is_refused(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no folder of a build; give one such as build/"):
        command.layout_to_explain(tmp_path, "ulx3s", "", None)
    moved = layout.variant_dir.rename(layout.board_dir / "renamed")
    with pytest.raises(BuildError, match=r"renamed: request.json in it is of default-folded"):
        command.layout_to_explain(moved, "ulx3s", "", None)


def test_a_build_without_a_package_is_named(layout: Layout) -> None:
    (layout.stage("package") / "manifest.json").unlink()
    with pytest.raises(BuildError, match=r"manifest.json: no manifest that can be read"):
        command.explained(layout)
