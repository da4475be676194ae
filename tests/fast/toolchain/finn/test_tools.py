"""Tools that FINN starts: their status is kept where its scripts lose it, and the first real error is found."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from toolchain.errors import GateweaveError, ToolError
from toolchain.finn.tools import fault, write_wrappers

LICENCE = (
    "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis' and/or device 'xczu9eg'. Please run\n"
)


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "vivado", *arguments], capture_output=True, text=True, check=False)


def log(path: Path, text: str, age_s: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - age_s,) * 2)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    body = 'case "$1" in die) kill -9 $$ ;; fail) exit 3 ;; *) printf "%s;" "$@" ;; esac'
    write_wrappers({"vivado": program(tmp_path / "real tool", body)}, tmp_path / "tools")
    return tmp_path / "tools"


def test_arguments_and_output_pass(tools: Path, tmp_path: Path) -> None:
    done = run(tools, "-mode", "a b", "$c")
    assert (done.returncode, done.stdout) == (0, "-mode;a b;$c;")
    log(tmp_path / "vivado.log", "all well\n")
    assert fault(tmp_path, tools) is None


def test_killed_is_told_though_the_log_says_nothing(tools: Path, tmp_path: Path) -> None:
    log(tmp_path / "vivado.log", "Command: place_design\n")
    assert run(tools, "die").returncode == 137
    assert "killed half way" in str(fault(tmp_path, tools))


def test_status_with_the_last_line(tools: Path, tmp_path: Path) -> None:
    log(tmp_path / "vivado.log", "giving up\n")
    assert run(tools, "fail").returncode == 3
    assert "exit 3): giving up; the whole log is" in str(fault(tmp_path, tools))


def test_the_oldest_log_with_an_error_counts(tmp_path: Path) -> None:
    log(tmp_path / "a" / "vivado.log", "INFO: fine\n", age_s=30)
    log(tmp_path / "b" / "vitis_hls.log", LICENCE, age_s=20)
    log(tmp_path / "c" / "vivado.log", "ERROR: [Common 17-1] later\n", age_s=10)
    found = fault(tmp_path, tmp_path / "tools")
    assert isinstance(found, ToolError)
    assert "no licence for Synthesis of xczu9eg" in str(found)
    assert str(found).endswith("vitis_hls.log")


def test_no_logs_no_fault(tmp_path: Path) -> None:
    found: GateweaveError | None = fault(tmp_path, tmp_path / "tools")
    assert found is None
