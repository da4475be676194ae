from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import BuildError
from toolchain.files import can_be_written, why_absent, write_atomic


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "No space left on device; free some disk space"),
        (errno.EDQUOT, "Disk quota exceeded; free some disk space"),
        (errno.EACCES, "Permission denied; mend the permissions of its folder"),
        (errno.EROFS, "Read-only file system; take a folder on another disk"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_mend_is_that_of_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(BuildError) as caught:
        write_atomic(tmp_path / "a", "text")
    assert str(caught.value) == f"{tmp_path}/a: cannot write: {said}"


def test_what_is_not_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(BuildError, match="a: cannot write: Is a directory"):
        write_atomic(tmp_path / "a", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_whether_a_folder_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert can_be_written(tmp_path / "new" / "deeper")
    assert not can_be_written(tmp_path / "file" / "below")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not can_be_written(tmp_path)


def test_why_nothing_is_there(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    assert why_absent(tmp_path / "none", "file") == "no such file"
    assert why_absent(tmp_path / "file" / "below", "folder") == "no such folder"
    assert why_absent(tmp_path / "loop", "file") == "a loop of links"
    assert why_absent(tmp_path / ("a" * 300), "file") == "file name too long"
