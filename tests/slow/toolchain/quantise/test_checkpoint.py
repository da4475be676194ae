"""Checkpoints load as weights alone: of another shape, or with code in them, they are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from toolchain.errors import DataError, ModelError
from toolchain.kinds.cnn.model import build
from toolchain.kinds.cnn.settings import NetworkSettings
from toolchain.quantise.checkpoint import read_checkpoint
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


def _exported(network: nn.Module, path: Path) -> None:
    torch.export.save(torch.export.export(network, (torch.zeros(2, *SHAPE),)), path)


_SAVED: dict[str, Callable[[nn.Module, Path], object]] = {
    "c.pt": lambda network, path: torch.save(network.state_dict(), path),
    "c.ckpt": lambda network, path: torch.save({"state_dict": network.state_dict(), "epoch": 3}, path),
    "c.pt2": _exported,
    "c.safetensors": lambda network, path: save_file(network.state_dict(), path),
}


@pytest.mark.parametrize("name", _SAVED)
def test_a_models_checkpoint_gives_its_network(name: str, folder: Path, calibrate: Path, tmp_path: Path) -> None:
    network, path = _network(), tmp_path / name
    _SAVED[name](network, path)
    found = read_checkpoint(path, f"{folder}/", calibrate)
    x = torch.rand(5, *SHAPE)
    torch.testing.assert_close(found.module(x), network(x), rtol=1e-4, atol=1e-5)


def test_other_shapes_are_named_both(folder: Path, calibrate: Path, tmp_path: Path) -> None:
    state, path = _network().state_dict(), tmp_path / "c.pt"
    name = next(name for name, value in state.items() if value.ndim == 4)
    torch.save({**state, name: torch.zeros(4, 2, 5, 5), "more": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match=rf"{name} is 4x2x5x5, 4x2x3x3 in the model; more is 2, absent in the model"):
        read_checkpoint(path, f"{folder}/", calibrate)


def test_data_without_inputs_have_no_shape(folder: Path, tmp_path: Path) -> None:
    torch.save(_network().state_dict(), tmp_path / "c.pt")
    np.savez(tmp_path / "d.npz", z=np.zeros(3))
    with pytest.raises(DataError, match=r"--calibrate: .*d\.npz: no npz with inputs `x`"):
        read_checkpoint(tmp_path / "c.pt", f"{folder}/", tmp_path / "d.npz")
