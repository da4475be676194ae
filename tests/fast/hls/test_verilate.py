"""The one place that calls Verilator, with a program in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hls import verilate
from hls.verilate import Verilator, build_model

_PROGRAM = """#!/bin/sh
command -v python > python.txt || exit 127
: > Vmodel
"""


def test_its_make_rules_find_a_python_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, source = tmp_path / "verilator_bin", tmp_path / "top.v"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    source.write_text("module top; endmodule\n")
    monkeypatch.setattr(verilate, "find_verilator", lambda: Verilator(program, tmp_path))
    monkeypatch.setattr(verilate, "verilator_version", lambda: "1")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert build_model([source], "top", source, tmp_path / "work").is_file()
