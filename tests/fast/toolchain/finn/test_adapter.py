"""FINN is refused where it is missing or of another version, and keeps what is said to it apart from what it says."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.finn import adapter


def test_another_version_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.5.0")
    with (
        pytest.raises(ToolError, match=r"finn-plus 1\.5\.0 is installed, but 1\.6\.1"),
        adapter.enter(tmp_path / "work"),
    ):
        pass
    assert not (tmp_path / "work").exists()


def test_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(ToolError, match=r"finn-plus is missing; install 1\.6\.1"):
        adapter.require_version()


def test_progress_is_heard_where_it_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    say = adapter.aloud(print)
    with contextlib.redirect_stdout(io.StringIO()) as muffled:
        print("FINN speaks")
        say("streamlining")
    assert muffled.getvalue() == "FINN speaks\n"
    assert capsys.readouterr().out == "streamlining\n"


def test_nothing_else_imports_finn() -> None:
    root = Path(adapter.__file__).parents[2]
    rooms = [root / name for name in ("toolchain", "hls", "flows", "boards", "models")]
    files = [path for room in rooms for path in room.rglob("*.py") if path.parent != Path(adapter.__file__).parent]
    assert len(files) > 100
    lines = [(path, line) for path in files for line in path.read_text().splitlines()]
    assert [line for line in lines if line[1].lstrip().startswith(("import finn", "from finn"))] == []
