from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from toolchain.device.ort.install import install, must_be_installed, packed_wheels
from toolchain.errors import BuildError


def wheel(folder: Path, name: str, **files: str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def test_wheels_are_unpacked_side_by_side(tmp_path: Path) -> None:
    files = {"a.whl": {"a/__init__.py": "x = 1\n"}, "b.whl": {"b.py": "y = 2\n"}}
    site = install([wheel(tmp_path, name, **content) for name, content in files.items()], tmp_path / "work")
    assert (site / "a/__init__.py").read_text() == "x = 1\n"
    assert (site / "b.py").read_text() == "y = 2\n"


def test_what_is_installed_stays_as_it_is(tmp_path: Path) -> None:
    wheels = [wheel(tmp_path, "a.whl", **{"a.py": "", "a/work/b.py": "", "manifest.json": "{}"})]
    before = (install(wheels, tmp_path / "work") / "a.py").stat()
    assert (install(wheels, tmp_path / "work") / "a.py").stat() == before


@pytest.mark.parametrize("planted", ["a.py", "numpy.py", "__pycache__/a.cpython-311.pyc", "work/c.py", "manifest.json"])
def test_what_was_planted_is_refused_by_name_and_stays_as_it_is(tmp_path: Path, planted: str) -> None:
    wheels = [wheel(tmp_path, "a.whl", **{"a.py": "x = 1\n"})]
    path = install(wheels, tmp_path / "work") / planted
    path.parent.mkdir(exist_ok=True)
    path.write_text("planted")
    for brought in (wheels, []):
        with pytest.raises(BuildError, match=rf"work/site: is not as this package installs it: .*{planted}"):
            must_be_installed(brought, tmp_path / "work")
    with pytest.raises(BuildError, match="then remove the folder and start again"):
        install(wheels, tmp_path / "work")
    assert path.read_text() == "planted"


def test_where_nothing_lies_nothing_is_refused(tmp_path: Path) -> None:
    assert not must_be_installed([], tmp_path / "work")
    wheels = [wheel(tmp_path, "a.whl", **{"a.py": ""})]
    install(wheels, tmp_path / "work")
    assert must_be_installed(wheels, tmp_path / "work")


def test_a_link_in_the_place_of_what_is_installed(tmp_path: Path) -> None:
    wheels = [wheel(tmp_path, "a.whl", **{"a.py": "x = 1\n"})]
    elsewhere = tmp_path / "elsewhere"
    install(wheels, elsewhere)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "site").symlink_to(elsewhere / "site")
    with pytest.raises(BuildError, match="is not as this package installs it"):
        install(wheels, tmp_path / "work")


def test_what_an_older_package_installed_is_named(tmp_path: Path) -> None:
    install([wheel(tmp_path, "a.whl", **{"a.py": ""})], tmp_path / "work")
    with pytest.raises(BuildError, match=r"installs it: a\.py, b\.py; none of it was run"):
        install([wheel(tmp_path, "a.whl", **{"b.py": ""})], tmp_path / "work")


def test_an_installation_that_was_killed_is_done_again(tmp_path: Path) -> None:
    good, torn = wheel(tmp_path, "a.whl", **{"a.py": ""}), tmp_path / "b.whl"
    torn.write_bytes(good.read_bytes()[:-10])
    with pytest.raises(BuildError, match=r"b\.whl: is no intact wheel; copy"):
        install([good, torn], tmp_path / "work")
    wheel(tmp_path, "b.whl", **{"b.py": ""})
    assert {path.name for path in install([good, torn], tmp_path / "work").iterdir()} == {"a.py", "b.py"}


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py"])
def test_a_wheel_does_not_write_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(BuildError, match="reaches outside"):
        install([wheel(tmp_path, "a.whl", **{name: ""})], tmp_path / "work")
    assert not list(tmp_path.rglob("evil.py"))


def test_only_packed_wheels_are_installed(tmp_path: Path) -> None:
    device = {"wheels": [{"file": "a.whl", "packed": True}, {"file": "b.whl", "packed": False}]}
    assert packed_wheels(tmp_path, device) == [tmp_path / "wheels/a.whl"]
