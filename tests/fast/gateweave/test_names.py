"""`gateweave.toolchain` and `toolchain` are one module, found by way of the package `gateweave` only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Says so each time that it is loaded.
_SHAPES = "print('loaded')\nfrom toolchain import colours\nclass Square: colour = colours.RED\n"
_FILES = {
    "toolchain/__init__.py": "",
    "toolchain/colours.py": "RED = 1\ndef square():\n    from toolchain.shapes import Square\n    return Square()\n",
    "toolchain/shapes.py": _SHAPES,
    "flows/__init__.py": "",
    "flows/__main__.py": "import sys, toolchain.colours\nprint(toolchain.colours.RED, sys.argv[1])\n",
    "hls/__init__.py": "",
    "models/net/__init__.py": "NAME = 'net'\n",
}


@pytest.fixture(params=["installed", "repository"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The package with small rooms, inside it or beside it."""
    rooms = tmp_path / ("gateweave" if request.param == "installed" else "")
    for name, text in _FILES.items():
        (rooms / name).parent.mkdir(parents=True, exist_ok=True)
        (rooms / name).write_text(text)
    (tmp_path / "gateweave").mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "gateweave" / "__init__.py", tmp_path / "gateweave")
    return tmp_path


def _run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    command = [sys.executable, *words]
    # Found as in an environment: by what it holds at its top.
    environment = {**os.environ, "PYTHONPATH": str(_top(place))}
    return subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)


def _top(place: Path) -> Path:
    """A folder that holds `gateweave` and nothing else."""
    top = place / "top"
    if not top.exists():
        top.mkdir()
        (top / "gateweave").symlink_to(place / "gateweave")
    return top


def _says(place: Path, code: str) -> list[str]:
    done = _run(place, "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_module_has_two_names_and_is_loaded_once(place: Path) -> None:
    code = """\
import gateweave.toolchain.shapes
from gateweave.toolchain.colours import square
import toolchain.shapes, sys
assert gateweave.toolchain.shapes is toolchain.shapes is sys.modules["gateweave.toolchain.shapes"]
assert gateweave.toolchain is toolchain
assert type(square()) is gateweave.toolchain.shapes.Square
print(toolchain.shapes.__name__, toolchain.shapes.__spec__.name)
"""
    assert _says(place, code) == ["loaded", "toolchain.shapes toolchain.shapes"]


def test_models_are_the_packages_own_whatever_else_has_that_name(place: Path) -> None:
    (place / "other" / "models" / "theirs").mkdir(parents=True)
    code = f"""\
import gateweave, sys
sys.path.insert(0, {str(place / "other")!r})
import models.net
from gateweave.models import net
assert net is models.net
print(net.NAME)
import models.theirs
"""
    done = _run(place, "-c", code)
    assert done.stdout == "net\n"
    assert "No module named 'models.theirs'" in done.stderr


def test_nothing_at_the_top_has_a_rooms_name(place: Path) -> None:
    assert "No module named 'toolchain'" in _run(place, "-c", "import toolchain").stderr
    assert "No module named 'gateweave.toolchain.none'" in _run(place, "-c", "import gateweave.toolchain.none").stderr
    assert "No module named 'gateweave.boards'" in _run(place, "-c", "import gateweave.boards").stderr


def test_a_module_runs_as_a_program(place: Path) -> None:
    done = _run(place, "-m", "gateweave.flows", "word")
    assert (done.stdout, done.stderr) == ("1 word\n", "")


def test_a_name_that_is_taken_is_refused(place: Path) -> None:
    (place / "other").mkdir()
    (place / "other" / "flows.py").touch()
    code = f"import sys; sys.path.insert(0, {str(place / 'other')!r}); import flows, gateweave"
    last = _run(place, "-c", code).stderr.splitlines()[-1]
    assert last.startswith("ImportError: gateweave needs the name 'flows', which is taken by ")
    assert last.endswith("other/flows.py; import gateweave before it")


def test_the_package_is_made_of_all_rooms_and_carries_the_pins() -> None:
    mapped = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert set(mapped["packages"]) == set(mapped["package-dir"])
    for package, folder in mapped["package-dir"].items():
        assert package in {"gateweave", f"gateweave.{folder}"}
        assert (REPOSITORY / folder).is_dir()
    for name in ("requirements.txt", "requirements-finn.txt"):
        assert (REPOSITORY / "gateweave" / name).resolve() == REPOSITORY / name


def test_names_for_programs_load_nothing_before_they_are_asked_for(place: Path) -> None:
    rooms = place / ("gateweave" if (place / "gateweave" / "toolchain").is_dir() else "")
    (rooms / "toolchain/api.py").write_text("print('asked for')\nload = 1\n")
    code = """\
import gateweave as gw, sys
assert "load" in dir(gw) and "toolchain" not in sys.modules and "numpy" not in sys.modules
print(gw.load)
gw.nothing
"""
    done = _run(place, "-c", code)
    assert done.stdout == "asked for\n1\n"
    assert done.stderr.splitlines()[-1] == "AttributeError: module 'gateweave' has no attribute 'nothing'"
