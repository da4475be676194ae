"""Doubles of the programs that reach boards, on the PATH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DOUBLES = Path(__file__).resolve().parents[2] / "doubles"


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that tells the double of openFPGALoader what to play, and holds how it was called."""
    folder = tmp_path / "loader"
    folder.mkdir()
    monkeypatch.setenv("OPENFPGALOADER_DOUBLE", str(folder))
    monkeypatch.setenv("PATH", f"{_DOUBLES / 'openfpgaloader'}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the double of ssh and scp; `home` is the board's home folder, `bin` its programs."""
    folder = tmp_path / "ssh"
    (folder / "home").mkdir(parents=True)
    (folder / "bin").mkdir()
    monkeypatch.setenv("SSH_DOUBLE", str(folder))
    monkeypatch.setenv("PATH", f"{_DOUBLES / 'ssh'}:{os.environ['PATH']}")
    return folder
