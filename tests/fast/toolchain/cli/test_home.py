from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain.cli.home import give_home


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"GATEWEAVE_BUILD_DIR": str(tmp_path / "build"), "USER": "someone"})


def test_a_home_that_can_be_written_is_left_alone(tmp_path: Path) -> None:
    os.environ["HOME"] = str(tmp_path)
    before = dict(os.environ)
    give_home()
    assert before == dict(os.environ)


def test_without_a_home_caches_lie_in_the_folder_of_builds(tmp_path: Path) -> None:
    os.environ["HOME"] = "/nonexistent"
    give_home()
    assert os.environ["HOME"] == os.environ["XDG_CACHE_HOME"] == str(tmp_path / "build" / ".home")


def test_where_the_folder_of_builds_is_read_only_caches_lie_in_a_folder_that_goes_away(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("no folder can be made here")
    os.environ["HOME"] = "/nonexistent"
    give_home()
    home = Path(os.environ["HOME"])
    assert home.is_dir() and home.name.startswith("gateweave-")
    assert os.environ["MPLCONFIGDIR"] == str(home / "matplotlib")
    home.rmdir()


def test_a_user_without_an_entry_gets_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ["HOME"] = str(tmp_path)
    del os.environ["USER"]
    monkeypatch.setattr("os.getuid", lambda: 12345678)
    give_home()
    assert os.environ["USER"] == "uid12345678"
