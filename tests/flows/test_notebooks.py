"""The notebooks of examples/ run from their first cell to their last, in an empty folder, by what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fast.toolchain.runtime.network_file.files import conv_tflite
from tests.flows.conftest import Tree, copy_repository, make_quick
from tests.notebooks import cells_of
from toolchain.results.manifest import Manifest

FOLDER = REPOSITORY / "examples" / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
_SECONDS = 1200


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that loses no time with what is not asked of the notebooks."""
    tree = Tree(tmp_path_factory.mktemp("copy"))
    copy_repository(tree.root)
    shutil.copytree(REPOSITORY / "gateweave", tree.root / "gateweave")
    make_quick(tree)
    return tree.root / "gateweave"


def _run(name: str, folder: Path, package: Path, **variables: str) -> str:
    """What a notebook shows; it must find nothing of the repository but the package."""
    place = folder / "top"
    place.mkdir()
    (place / "gateweave").symlink_to(package)
    shutil.copy(REPOSITORY / "tests/notebooks.py", folder)
    environment = {**os.environ, "PYTHONPATH": str(place), "GATEWEAVE_BUILD_DIR": str(folder / "build"), **variables}
    command = [sys.executable, folder / "notebooks.py", FOLDER / f"{name}.ipynb"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def _package(folder: Path, place: str) -> Manifest:
    (manifest,) = folder.glob(f"build/{place}/*/package/manifest.json")
    raw = json.loads(manifest.read_text())
    raw.pop(Manifest.VERSION_KEY)
    return Manifest.model_validate_json(json.dumps(raw))


def test_there_are_three_and_they_hold_no_outputs() -> None:
    """What a run showed once is no figure of this tree."""
    assert NAMES == ["can", "cnn", "tflite"]
    for name in NAMES:
        cells = json.loads((FOLDER / f"{name}.ipynb").read_text())["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]


def test_can(tmp_path: Path, package: Path) -> None:
    said = _run("can", tmp_path, package)
    made = _package(tmp_path, "can-mini/ulx3s")
    assert (made.status, made.accuracy and made.accuracy.data) == ("bitstream", "synthetic")
    assert made.accuracy is not None and made.accuracy.macro_f1 > 0.9
    assert "50 of 50 answers equal" in said
    assert "what limits it" in said


def test_cnn(tmp_path: Path, package: Path) -> None:
    said = _run("cnn", tmp_path, package)
    made = _package(tmp_path, "int8/host")
    assert made.graphs is not None and made.graphs.accuracy is not None and made.graphs.accuracy > 0.9
    assert "False a float network: FPGAs compute with integers" in said
    assert "True as a core of units" in said


def test_tflite(tmp_path: Path, package: Path) -> None:
    conv_tflite(tmp_path / "network.tflite")
    said = _run("tflite", tmp_path, package)
    assert "takes   t0: int8, shape (N, 6, 6, 2)" in said
    assert "yes ulx3s (fpga_open): as a core of units" in said
    made = _package(tmp_path, "network/host")
    assert made.graphs is not None and made.graphs.vectors.count == 64


def test_a_file_of_another_name_is_taken(tmp_path: Path, shared_data: Path) -> None:
    """The first cells alone: that file is of a size that takes minutes to build."""
    file = shared_data / "tflite/mlperf-tiny/kws_ref_model.tflite"
    if not file.is_file():
        pytest.skip(f"{file} is absent")
    first, *_ = cells_of(FOLDER / "tflite.ipynb")
    code = subprocess.run(
        [sys.executable, "-c", first],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TFLITE": str(file)},
        capture_output=True,
        text=True,
    )
    assert "answers" in code.stdout, code.stderr
