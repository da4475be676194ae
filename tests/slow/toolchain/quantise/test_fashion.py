"""A CNN trained here on Fashion-MNIST, where that is installed: 8 bits cost half a point at most without training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tests.slow.toolchain.quantise.networks import written
from toolchain.quantise.float_file import read_float
from toolchain.quantise.front import Scaling
from toolchain.quantise.quantise import Order, quantise
from toolchain.quantise.setting import Bits
from toolchain.results.checked import Reckoned
from toolchain.training.datasets.idx_file import read_idx
from toolchain.training.loop import set_up

HOME = Path("/usr/share/datasets/fashion-mnist")
TRAINED, TESTED = 6000, 2000
_MOST = 60_000 * 28 * 28

pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")


def _part(name: str, rows: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = read_idx(HOME / f"{name}-images-idx3-ubyte.gz", axes=3, most=_MOST)
    labels = read_idx(HOME / f"{name}-labels-idx1-ubyte.gz", axes=1, most=_MOST)
    return images[:rows, None], labels[:rows]


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


def _trained(x: torch.Tensor, y: torch.Tensor) -> nn.Module:
    """Two minutes of processor time would do better; ten seconds are enough to lose something."""
    set_up(1)
    network = nn.Sequential(_block(1, 8), _block(8, 16), _block(16, 16), nn.Flatten(), nn.Linear(256, 10))
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(4):
        for rows in torch.split(torch.randperm(len(x)), 64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimiser.step()
    return network.eval()


def _no_estimate(path: Path) -> tuple[Reckoned | None, str]:
    return None, "not asked for"


def test_few_bits_cost_little_and_every_output_is_equal(tmp_path: Path) -> None:
    (x, y), (test_x, test_y) = _part("train", TRAINED), _part("t10k", TESTED)
    network = _trained(torch.from_numpy(x.astype(np.float32) / 255), torch.from_numpy(y.astype(np.int64)))
    file = written(network, (1, 28, 28), tmp_path / "float.onnx")
    for name, images, labels in (("calibrate", x[:256], y[:256]), ("train", x, y), ("test", test_x, test_y)):
        np.savez(tmp_path / f"{name}.npz", x=images, y=labels)
    order = Order(
        calibrate=tmp_path / "calibrate.npz",
        out=tmp_path / "out.onnx",
        test=tmp_path / "test.npz",
        bits=(Bits(8, 8), Bits(4, 4)),
        scaling=Scaling(255.0),
        train=tmp_path / "train.npz",
        epochs=1,
    )
    made = quantise(read_float(file), "float.onnx", order, _no_estimate, lambda text: None)
    assert made.float_share > 0.8
    eight, four = (max(s.share for s in made.settings if s.bits == bits) for bits in ("W8A8", "W4A4"))
    assert max(s.share for s in made.settings if s.bits == "W8A8" and not s.epochs) >= made.float_share - 0.005
    assert eight >= made.float_share - 0.005
    assert four >= made.float_share - 0.02
    assert (made.measure, made.inputs, made.compared) == ("accuracy", "UINT8", 256 + TESTED)
