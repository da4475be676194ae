"""A small trained-looking network, merged and exported once for the whole folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from models.cqmlp.model import build, merge
from models.cqmlp.settings import NetworkSettings
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model
from toolchain.training.inputs import INPUT_TYPES, Signature
from toolchain.training.loop import logits_of, set_up

INPUTS, CLASSES = 23, 5


@dataclass(frozen=True)
class Exported:
    network: nn.Sequential
    path: Path
    x: NDArray[Any]
    logits: NDArray[np.float32]

    @property
    def model(self) -> ModelWrapper:
        return load_model(self.path)


@pytest.fixture(scope="session", params=["BINARY", "UINT8", "BIPOLAR", "UINT3", "INT5"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    x = INPUT_TYPES[request.param].draw((3000, INPUTS), 7)
    network = _network(request.param, x)
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export_network(network, INPUTS, request.param, path)
    return Exported(network, path, x, logits_of(network, x))


def _network(input_type: str, x: NDArray[Any]) -> nn.Sequential:
    """Normalisation statistics come from the data, factors and shifts are random, some of them negative."""
    settings = NetworkSettings(hidden=(16, 11))
    set_up(3)
    network = build(settings, Signature((INPUTS,), input_type, CLASSES))
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
