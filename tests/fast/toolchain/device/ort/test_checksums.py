from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.device import checksums
from toolchain.device.ort import checksums as of_device
from toolchain.errors import BuildError

Damage = Callable[[Path], object]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("run.sh", "models/fp32.onnx", "lib/manifest.json"):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    checksums.write_manifest(tmp_path / "package", {"model": "m", "accuracy": 0.1})
    return tmp_path / "package"


def test_the_device_reads_the_digest_that_the_build_wrote(package: Path) -> None:
    assert of_device.verify(package) == checksums.verify_package(package)


def test_what_the_package_writes_itself_is_no_part_of_it(package: Path) -> None:
    path = package / "work/site/numpy/__init__.py"
    path.parent.mkdir(parents=True)
    path.touch()
    of_device.verify(package)


def _reword(package: Path) -> None:
    manifest = json.loads((package / "manifest.json").read_text())
    (package / "manifest.json").write_text(json.dumps({**manifest, "accuracy": 0.99}))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: (p / "models/fp32.onnx").write_bytes(b"models/fp33.onnx"), r"altered: models/fp32\.onnx; copy"),
        (lambda p: (p / "run.sh").unlink(), r"missing: run\.sh; copy"),
        (lambda p: (p / "models/other.onnx").touch(), r"extra: models/other\.onnx; copy"),
        (lambda p: (p / "manifest.json").unlink(), r"no manifest\.json"),
        (lambda p: (p / "manifest.json").write_text("[]"), r"manifest\.json: holds no SHA-256 of files and of itself"),
        (lambda p: (p / "manifest.json").write_text('{"files"'), r"manifest\.json: cannot be read"),
        (lambda p: (p / "lib" / "json.py").touch(), r"extra: lib/json\.py; copy"),
        (_reword, r"manifest\.json: was altered after packing"),
    ],
)
def test_damage_is_named_as_the_build_would(package: Path, damage: Damage, words: str) -> None:
    damage(package)
    with pytest.raises(BuildError, match=words):
        of_device.verify(package)
    with pytest.raises(BuildError):
        checksums.verify_package(package)
