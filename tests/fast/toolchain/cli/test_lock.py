from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain.cli.lock import build_lock
from toolchain.errors import BuildError


def test_a_second_holder_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    with (
        build_lock(tmp_path),
        pytest.raises(BuildError, match=f"another build \\(pid {os.getpid()}\\) runs"),
        build_lock(tmp_path),
    ):
        raise AssertionError("both hold it")


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with build_lock(tmp_path):
            assert (tmp_path / ".lock").read_text().strip() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match=r"file/.lock: cannot write"), build_lock(tmp_path / "file"):
        raise AssertionError
