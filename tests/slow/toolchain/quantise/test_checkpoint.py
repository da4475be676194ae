"""Checkpoints load as weights alone: of another shape, or with code in them, they are refused by name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from toolchain.errors import DataError, ModelError
from toolchain.kinds.cnn.model import build
from toolchain.kinds.cnn.settings import NetworkSettings
from toolchain.quantise.checkpoint import load_weights, read_checkpoint
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature

SHAPE, CLASSES = (2, 8, 8), 3


class _Code:
    build = staticmethod(build)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of `gateweave new`, as far as its network goes."""
    made = tmp_path / "mine"
    (made / "recipes").mkdir(parents=True)
    source = Path(build.__code__.co_filename).parent
    for name in ("model.py", "settings.py"):
        (made / name).write_text((source / name).read_text())
    training = (
        "{steps: 10, merged_steps: 5, batch: 8, learning_rate: 0.01, merged_learning_rate: 0.01, weight_decay: 0.0}"
    )
    (made / "recipes" / "default.yaml").write_text(
        f"title: mine\ndata: {{format: npz, path: d.npz}}\nnetwork: {{channels: [4, 8]}}\ntraining: {training}\n"
    )
    return made


@pytest.fixture
def calibrate(tmp_path: Path) -> Path:
    path = tmp_path / "calibrate.npz"
    np.savez(path, x=np.random.default_rng(1).integers(0, 256, (64, *SHAPE)).astype(np.uint8))
    return path


def _network() -> Any:
    torch.manual_seed(1)
    settings = NetworkSettings(channels=(4, 8))
    return completed(_Code).build_float(settings, Signature(SHAPE, "UINT8", CLASSES)).eval()


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_models_checkpoint_gives_its_network(wrapped: bool, folder: Path, calibrate: Path, tmp_path: Path) -> None:
    network, path = _network(), tmp_path / "c.pt"
    state = network.state_dict()
    torch.save({"state_dict": state, "epoch": 3} if wrapped else state, path)
    found = read_checkpoint(path, f"{folder}/", calibrate)
    x = torch.rand(5, *SHAPE)
    torch.testing.assert_close(found.module(x), network(x), rtol=1e-4, atol=1e-5)


def test_other_shapes_are_named_both(folder: Path, calibrate: Path, tmp_path: Path) -> None:
    state, path = _network().state_dict(), tmp_path / "c.pt"
    name = next(name for name, value in state.items() if value.ndim == 4)
    torch.save({**state, name: torch.zeros(4, 2, 5, 5), "more": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match=rf"{name} is 4x2x5x5, 4x2x3x3 in the model; more is 2, absent in the model"):
        read_checkpoint(path, f"{folder}/", calibrate)


class _Harm:
    def __reduce__(self) -> Any:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("harm", [_Harm(), subprocess.Popen])
def test_a_pickle_that_would_run_code_is_refused(harm: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"w": harm}, "c.pt")
    with pytest.raises(ModelError, match=r"c\.pt: would run (posix\.system|\w+\.Popen), .* nothing of it was run"):
        load_weights(Path("c.pt"))
    assert not Path("harmed").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04rest"])
def test_what_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"c\.pt: "):
        load_weights(path)


def test_data_without_inputs_have_no_shape(folder: Path, tmp_path: Path) -> None:
    torch.save(_network().state_dict(), tmp_path / "c.pt")
    np.savez(tmp_path / "d.npz", z=np.zeros(3))
    with pytest.raises(DataError, match=r"--calibrate: .*d\.npz: no npz with inputs `x`"):
        read_checkpoint(tmp_path / "c.pt", f"{folder}/", tmp_path / "d.npz")
