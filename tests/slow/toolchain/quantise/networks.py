"""Small float networks of every shape that is taken, untrained but with settled normalisation, and their files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from toolchain.quantise.float_file import FloatNetwork, read_float

CLASSES = 4


class Residual(nn.Module):
    """A block with a skip, then a mean over the image."""

    def __init__(self, end: nn.Module) -> None:
        super().__init__()
        self.first, self.inner = _block(2, 4), nn.Sequential(_block(4, 4), nn.Conv2d(4, 4, 3, padding=1))
        self.end = end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        result: torch.Tensor = self.end(torch.relu(x + self.inner(x)))
        return result


class Branches(nn.Module):
    """Two convolutions side by side, joined by their channels."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.end = _block(2, 3), _block(2, 4), nn.Linear(7 * 64, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.left(x), self.right(x)], 1)
        result: torch.Tensor = self.end(joined.reshape(len(x), -1))
        return result


def _block(inputs: int, outputs: int, groups: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


def _pooled(pool: nn.Module, features: int) -> nn.Sequential:
    return nn.Sequential(pool, nn.Flatten(), nn.Linear(features, CLASSES))


IMAGE, ROW, WAVE = (2, 8, 8), (6,), (2, 16)

NETWORKS: Mapping[str, tuple[tuple[int, ...], Callable[[], nn.Module]]] = {
    "dense": (ROW, lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, CLASSES))),
    "cnn": (IMAGE, lambda: nn.Sequential(_block(2, 4), *_pooled(nn.MaxPool2d(2), 64))),
    "depthwise": (IMAGE, lambda: nn.Sequential(_block(2, 4), _block(4, 4, 4), *_pooled(nn.MaxPool2d(4), 16))),
    "pool-first": (
        IMAGE,
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3, stride=2), nn.MaxPool2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(4, 4)),
    ),
    "relu6": (IMAGE, lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU6(), nn.Flatten(), nn.Linear(144, CLASSES))),
    "average": (IMAGE, lambda: nn.Sequential(_block(2, 4), *_pooled(nn.AvgPool2d(2), 64))),
    "wave": (
        WAVE,
        lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(28, CLASSES)),
    ),
    "residual": (IMAGE, lambda: Residual(_pooled(nn.AdaptiveAvgPool2d(1), 4))),
    "branches": (IMAGE, Branches),
    "softmax": (ROW, lambda: nn.Sequential(nn.Linear(6, CLASSES), nn.Softmax(1))),
}


def data(shape: tuple[int, ...], rows: int = 64, seed: int = 1) -> NDArray[np.float32]:
    """Inputs from 0 to 1."""
    return np.random.default_rng(seed).uniform(0, 1, (rows, *shape)).astype(np.float32)


def made(name: str) -> nn.Module:
    """A network whose normalisation knows the data."""
    shape, build = NETWORKS[name]
    torch.manual_seed(3)
    network = build()
    network.train()
    with torch.no_grad():
        for _ in range(8):
            network(torch.from_numpy(data(shape)))
    return network.eval()


def written(network: nn.Module, shape: tuple[int, ...], path: Path) -> Path:
    """Its ONNX file, the batch left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, *shape),),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )
    return path


def read(name: str, folder: Path) -> tuple[FloatNetwork, Path]:
    """A network, exported and read again."""
    path = written(made(name), NETWORKS[name][0], folder / f"{name}.onnx")
    return read_float(path), path
