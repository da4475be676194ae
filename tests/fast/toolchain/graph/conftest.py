"""A small trained-looking network, merged and exported once for the whole folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from models.cqmlp.model import build, merge
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model
from toolchain.training.loop import logits_of, set_up
from toolchain.training.recipe import NetworkSettings

INPUTS, CLASSES = 23, 5


@dataclass(frozen=True)
class Exported:
    network: nn.Sequential
    path: Path
    x: NDArray[np.uint8]
    logits: NDArray[np.float32]

    @property
    def model(self) -> ModelWrapper:
        return load_model(self.path)


@pytest.fixture(scope="session", params=["BINARY", "UINT8"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    bits = {"BINARY": 1, "UINT8": 8}[request.param]
    x = np.random.default_rng(7).integers(0, 2**bits, (3000, INPUTS)).astype(np.uint8)
    network = _network(bits, x)
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export_network(network, INPUTS, request.param, path)
    return Exported(network, path, x, logits_of(network, x))


def _network(bits: int, x: NDArray[np.uint8]) -> nn.Sequential:
    """Normalisation statistics come from the data, factors and shifts are random, some of them negative."""
    settings = NetworkSettings(hidden=(16, 11))
    set_up(3)
    network = build(settings, INPUTS, CLASSES, bits)
    norms = [m for m in network if isinstance(m, nn.BatchNorm1d)]
    for norm in norms:
        nn.init.normal_(norm.weight, 0.0, 1.5)
        nn.init.normal_(norm.bias)
        norm.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(x).float())
    network.eval()
    return merge(network, settings)
