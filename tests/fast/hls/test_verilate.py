"""The one place that calls Verilator, with a program in its place."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hls import verilate
from hls.verilate import Verilator, build_model

_PROGRAM = """#!/bin/sh
command -v python > python.txt || exit 127
printf %s "$OBJCACHE" > "$OUT"
: > Vmodel
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the program, which then stands in Verilator's place, is told to call before the compiler."""
    program, out = tmp_path / "verilator_bin", tmp_path / "told"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    monkeypatch.setattr(verilate, "find_verilator", lambda: Verilator(program, tmp_path))
    monkeypatch.setattr(verilate, "verilator_version", lambda: "1")
    monkeypatch.setenv("OUT", str(out))
    return out


def _build(folder: Path) -> Path:
    source = folder / "top.v"
    source.write_text("module top; endmodule\n")
    return build_model([source], "top", source, folder / "work")


def test_its_make_rules_find_a_python_where_the_system_has_none(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert _build(tmp_path).is_file()


def test_its_library_is_compiled_once_whatever_the_folder_s_name(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/my $caches")
    monkeypatch.delenv("OBJCACHE", raising=False)
    _build(tmp_path)
    words = shlex.split(told.read_text().replace("$$", "$"))
    assert Path(words[-2]).name == "compile_once.py"
    assert words[-1] == "/my $caches/gateweave/verilated"


def test_a_cache_of_one_s_own_is_left_to_do_it(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBJCACHE", "ccache")
    _build(tmp_path)
    assert told.read_text() == "ccache"
