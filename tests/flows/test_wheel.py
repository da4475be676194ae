"""The package that pip installs, in an environment of its own and an empty folder far from the repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.causes import causes
from tests.conftest import REPOSITORY
from tests.sim.runtime.small_models import save_mlp
from toolchain.catalog import list_boards, list_models
from toolchain.device.checksums import verify_package
from toolchain.layout import PINS, Request

_ROOMS = ("toolchain", "flows", "hls", "boards", "models")
_TAKEN = ("gateweave", *_ROOMS, *PINS, "pyproject.toml", "setup.py", "README.md", "LICENSE")


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and the folder to work in."""

    environment: Path
    wheel: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def package(self) -> Path:
        return Path(self.must([self.python, "-c", "import gateweave; print(*gateweave.__path__)"]).strip())

    def run(self, command: list[Any]) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=900)

    def must(self, command: list[Any]) -> str:
        done = self.run(command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def gateweave(self, *words: str) -> str:
        return self.must([self.environment / "bin" / "gateweave", *words])


def _pip(*words: Any) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Made without a network; the packages that Gateweave needs are those of the environment of the tests."""
    root = tmp_path_factory.mktemp("wheel")
    source = root / "source"
    for name in _TAKEN:
        path = REPOSITORY / name
        if path.is_dir():
            shutil.copytree(path, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, source / name)
    _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", root, source)
    [wheel] = root.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / "venv"], check=True)
    made = Installed(root / "venv", wheel, root / "empty")
    made.folder.mkdir()
    _pip("--python", made.python, "install", "--no-index", "--no-deps", wheel)
    # Found, but not searched for .pth files: the repository itself, which they name, stays out.
    libraries = sysconfig.get_path("purelib")
    own = made.must([made.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    (Path(own) / "environment.pth").write_text(f"{libraries}\n")
    return made


def _files(folder: Path) -> dict[str, str]:
    """SHA-256 of what was installed."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_wheel_holds_every_file_and_nothing_else_at_the_top(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    inside = {name.removeprefix("gateweave/") for name in names if name.startswith("gateweave/")}
    tree = {str(path.relative_to(REPOSITORY)) for room in _ROOMS for path in (REPOSITORY / room).rglob("*")}
    expected = {name for name in tree if (REPOSITORY / name).is_file() and "__pycache__" not in name}
    assert inside == expected | {"__init__.py", "__main__.py", "py.typed", *PINS}
    name, version, *_ = installed.wheel.stem.split("-")
    assert {path.split("/")[0] for path in names} == {"gateweave", f"{name}-{version}.dist-info"}
    assert not (installed.wheel.parent / "source" / "build").exists(), "where builds lie, nothing else does"


def test_it_lists_and_plans_in_an_empty_folder(installed: Installed) -> None:
    boards = json.loads(installed.gateweave("boards", "--json"))
    assert [board["name"] for board in boards] == list_boards()
    models = json.loads(installed.gateweave("models", "--json"))
    assert [model["name"] for model in models] == list_models()
    assert all(model["title"] != model["name"] for model in models), "titles stand in files that came along"
    findings = json.loads(installed.gateweave("doctor", "--json"))
    [packages] = [finding for finding in findings if finding["check"] == "packages"]
    assert packages["ok"]
    plan = json.loads(installed.gateweave("plan", "--board", "ulx3s", "--json"))
    assert [step["stage"] for step in plan if step["runs"]] == list(Request("ulx3s", "cqmlp").stages)
    assert not [*installed.folder.iterdir()], "neither lists nor a plan write anything"


def test_a_name_that_is_unknown_is_answered_as_to_one_without_a_repository(installed: Installed) -> None:
    done = installed.run([installed.python, "-m", "gateweave", "build", "--board", "nosuch"])
    assert done.returncode == 1
    assert "a new one is a file boards/<board>/board.yaml in a clone of the repository)" in done.stderr
    done = installed.run([installed.python, "-m", "gateweave", "show", "--board", "icebreaker"])
    assert "run `BOARD=icebreaker MODEL=cqmlp gateweave build`" in done.stderr


def test_a_model_is_begun_beside_its_data_and_builds_at_once(installed: Installed, tmp_path: Path) -> None:
    rows = [f"{row % 7},{row % 11 / 3:.2f},{'ab'[row % 2]}" for row in range(80)]
    (tmp_path / "points.csv").write_text("\n".join(["x,y,side", *rows]))
    model = tmp_path / "points"
    installed.gateweave("new", str(model), "--data", str(tmp_path / "points.csv"))
    plan = json.loads(installed.gateweave("plan", "--board", "host", "--model", str(model), "--json"))
    assert [step["stage"] for step in plan if step["runs"]] == list(Request("host", "points", flow="ort").stages)
    told = installed.must([installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", model])
    assert "1 passed" in told
    assert not [*installed.folder.iterdir()]


def test_a_module_is_one_under_both_names(installed: Installed) -> None:
    assert "No module named 'toolchain'" in installed.run([installed.python, "-c", "import toolchain"]).stderr
    code = "import gateweave.toolchain.layout as a, toolchain.layout as b; assert a is b; print(a.ROOT)"
    assert installed.must([installed.python, "-c", code]).strip() == str(installed.package)


def test_the_causes_of_stages_are_those_of_the_repository(installed: Installed) -> None:
    code = """\
import gateweave, json
from flows.causes import causes
from toolchain.layout import Request
request = Request("ulx3s", "cqmlp")
print(json.dumps({stage: causes(stage, request) for stage in request.table}))
"""
    request = Request("ulx3s", "cqmlp")
    told = json.loads(installed.must([installed.python, "-c", code]))
    assert told == {stage: causes(stage, request) for stage in request.table}


def test_it_builds_below_the_current_folder_and_changes_nothing_of_itself(installed: Installed) -> None:
    before = _files(installed.package)
    save_mlp(installed.folder / "net.onnx")
    words = ("--board", "host", "--onnx", "net.onnx")
    installed.gateweave("build", *words)
    shown = json.loads(installed.gateweave("show", *words, "--json"))
    assert shown["files"]["manifest"].startswith("build/net/host/")
    package = (installed.folder / shown["files"]["manifest"]).parent
    assert verify_package(package)["git"] == {"revision": None, "dirty": None}
    assert "passed: " in installed.must([installed.python, "-B", package / "selftest.py", "--calls", "50"])
    assert "nothing to do" in installed.gateweave("build", *words)
    assert _files(installed.package) == before
