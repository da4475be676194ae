from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from toolchain.errors import BuildError
from toolchain.locks import locked


def test_a_second_holder_waits_and_is_told_of_the_first(tmp_path: Path) -> None:
    told: list[str] = []
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path / "lock", waiting=told.append):
            order.append("second")

    with locked(tmp_path / "lock"):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not told:
            time.sleep(0.01)
        order.append("first")
    waiting.join()
    assert told == [str(os.getpid())]
    assert order == ["first", "second"]


def test_readers_share_it(tmp_path: Path) -> None:
    refused: list[str] = []
    with locked(tmp_path / "lock", shared=True), locked(tmp_path / "lock", shared=True, waiting=refused.append):
        assert not refused


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "folder" / "lock"):
            assert (tmp_path / "folder" / "lock").read_text().strip() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match=r"file/lock: cannot write"), locked(tmp_path / "file" / "lock"):
        raise AssertionError
