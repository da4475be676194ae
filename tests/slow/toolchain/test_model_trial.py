"""A model that `gateweave new` has just written: its own test passes, and sees what has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from toolchain.cli.new import new
from toolchain.errors import GateweaveError
from toolchain.model_trial import try_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    x = np.random.default_rng(1).normal(size=(60, 3, 8, 8))
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(60) % 2)
    new(str(tmp_path / "net"), "residual", str(tmp_path / "data.npz"), None)
    return tmp_path / "net"


def _pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder.name]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True)


def test_its_own_test_passes_and_sees_other_data(folder: Path) -> None:
    done = _pytest(folder)
    assert done.returncode == 0, done.stdout
    np.savez(folder.parent / "data.npz", x=np.zeros((60, 3, 9, 8), np.uint8), y=np.arange(60) % 2)
    assert "dataset.shape == (3, 8, 8)" in _pytest(folder).stdout


def test_a_fault_in_the_network_names_its_line(folder: Path) -> None:
    text = (folder / "model.py").read_text()
    (folder / "model.py").write_text(text.replace("nn.Flatten(), end", "nn.Flatten(), nn.Softplus(), end"))
    with pytest.raises(GateweaveError, match="Softplus"):
        try_model(folder)
    (folder / "model.py").write_text(text.replace("grid(signature)", "grid(signature) + (1,)"))
    # A module is loaded once: another folder for another text.
    moved = folder.rename(folder.with_name("other"))
    with pytest.raises(GateweaveError, match=r"other/model\.py:\d+: ValueError: too many values to unpack"):
        try_model(moved)
