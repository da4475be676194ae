from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "toolchain" / "setup" / "environment.sh"
TARGETS = (
    "build",
    "plan",
    "show",
    "verify",
    "flash",
    "run",
    "report",
    "measure",
    "boards",
    "models",
    "doctor",
    "test",
    "check",
    "bench",
    "clean",
    "system-deps",
)


def _programs(folder: Path, *names: str) -> str:
    """A PATH that holds these programs only."""
    for name in names:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(Path(found).resolve() if name != "python3" else found)
    return str(folder)


def _check(path: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", str(SCRIPT), "check", *words], env={"PATH": path}, capture_output=True, text=True)


def test_make_alone_explains_itself() -> None:
    shown = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for target in TARGETS:
        assert f"make {target}" in shown
    for variable in ("BOARD", "MODEL", "DATA", "RECIPE", "STRATEGY", "FPS", "JOBS"):
        assert f"{variable}=" in shown


def test_all_missing_packages_are_named_in_one_line(tmp_path: Path) -> None:
    done = _check(_programs(tmp_path, "dirname"), "verify")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        "error: missing Debian packages: python3 python3-venv g++ make perl fpga-icestorm gcc-aarch64-linux-gnu"
    )
    assert done.stderr.endswith("; install them with: make system-deps\n")


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    path = _programs(tmp_path, "dirname", "g++", "make", "perl")
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$*" in --version) echo Python 3.9.2;; *version_info*) exit 1;; esac\n')
    old.chmod(0o755)
    done = _check(path)
    assert done.returncode == 1
    assert "Python 3.9.2 is too old, 3.11 or newer is needed" in done.stderr


@pytest.mark.parametrize("script", [SCRIPT, REPOSITORY / ".ci" / "run"])
def test_scripts_are_well_formed_and_executable(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
