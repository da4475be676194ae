from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from tests.conftest import REPOSITORY
from toolchain.cli.app import app
from toolchain.locks import locked

SCRIPT = REPOSITORY / "toolchain" / "setup" / "environment.sh"
TARGETS = (
    "build",
    "plan",
    "show",
    "explain",
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
    "docs",
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
    for variable in _variables():
        assert f" {variable}=" in shown


def _variables() -> list[str]:
    """What the Makefile takes."""
    text = (REPOSITORY / "Makefile").read_text().replace("\\\n", " ")
    [line] = re.findall(r"^VARIABLES := (.*)$", text, flags=re.MULTILINE)
    return line.split()


def test_every_option_of_a_command_that_reads_a_variable_has_it_in_the_makefile() -> None:
    commands = typer.main.get_group(app).commands.values()
    given = [getattr(option, "envvar", None) or [] for command in commands for option in command.params]
    read = {name for names in given for name in ([names] if isinstance(names, str) else names)}
    assert "CALIBRATION" in read
    assert read <= set(_variables())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("BORD=icebreaker", "unknown variable BORD; did you mean BOARD?"),
        ("board=icebreaker", "unknown variable board; did you mean BOARD?"),
        ("b'c=1", "unknown variable b'c; `make help` lists them"),
    ],
)
def test_a_misspelt_variable_is_refused(given: str, words: str) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help", given], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert words in done.stderr
    assert done.stdout == ""


def test_builds_are_not_removed_from_under_a_build_that_runs(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    with locked(tmp_path / "build" / ".lock", shared=True):
        refused = subprocess.run(
            ["make", "--no-print-directory", "clean"], cwd=tmp_path, capture_output=True, text=True
        )
    assert refused.returncode != 0
    assert "error: a build runs in build/" in refused.stderr
    assert (tmp_path / "build").exists()
    subprocess.run(["make", "--no-print-directory", "clean"], cwd=tmp_path, capture_output=True, check=True)
    assert not (tmp_path / "build").exists()


def test_system_deps_waits_for_apt_and_takes_what_flash_needs(tmp_path: Path) -> None:
    path = _programs(tmp_path, "dirname", "id", "env", "sh")
    log = tmp_path / "log"
    for name in ("apt-get", "apt-cache", "sudo"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n[ {name} != sudo ] || exec "$@"\n')
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(["/bin/sh", str(SCRIPT), "system-deps"], env={"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    calls = [line for line in log.read_text().splitlines() if line.startswith("apt-get")]
    assert len(calls) == 2
    assert all("-o DPkg::Lock::Timeout=300" in call for call in calls)
    assert calls[1].endswith(" openfpgaloader")


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


_PYTHON = """#!/bin/sh
case "$*" in
-m\\ venv*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
-m\\ pip\\ install*) echo "$HOME $*" >> pip.log ;;
-m\\ pip*) exit 1 ;;
esac
"""


def _installed(root: Path, **environment: str) -> list[str]:
    """Make an environment by a Python that installs nothing; each call of pip, behind the home it sees."""
    (root / "toolchain" / "setup").mkdir(parents=True)
    shutil.copy(SCRIPT, root / "toolchain" / "setup")
    for name in ("requirements.txt", "requirements-finn.txt", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root)
    (root / "python3").write_text(_PYTHON)
    (root / "python3").chmod(0o755)
    command = ["/bin/sh", str(root / "toolchain/setup/environment.sh"), "venv", "requirements.txt"]
    given = {"PATH": f"{root}:{os.environ['PATH']}", **environment}
    subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    return (root / "pip.log").read_text().splitlines()


@pytest.mark.parametrize("home", [{}, {"HOME": "/nonexistent"}])
def test_an_install_without_a_home_gets_one_before_pip(tmp_path: Path, home: dict[str, str]) -> None:
    calls = _installed(tmp_path, **home)
    assert len(calls) == 4
    assert all(call.startswith(f"{tmp_path}/build/.home -m pip install --quiet") for call in calls)
    assert (tmp_path / "build" / ".home").is_dir()


def test_a_home_that_can_be_written_is_the_installs_own(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    assert all(call.startswith(f"{tmp_path}/home -m") for call in _installed(tmp_path, HOME=str(tmp_path / "home")))
    assert not (tmp_path / "build").exists()


def test_what_has_no_wheel_is_built_by_the_pinned_setuptools(tmp_path: Path) -> None:
    first, second, *_ = _installed(tmp_path, HOME=str(tmp_path))
    assert " setuptools==" in first
    assert "--use-pep517 --no-build-isolation --requirement requirements.txt" in second


@pytest.mark.parametrize("script", [SCRIPT, REPOSITORY / ".ci" / "run"])
def test_scripts_are_well_formed_and_executable(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
