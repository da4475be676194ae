"""Data that do not fit a network are refused with a hint at what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.backport import fx
from torch import nn

from tests.slow.toolchain.quantise.networks import data, read
from toolchain.errors import DataError
from toolchain.quantise import vectors
from toolchain.quantise.calibrate import answers
from toolchain.quantise.float_file import FloatNetwork
from toolchain.quantise.vectors import Data, doubt_of_range, must_be_of_its_world


def _saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_data_of_another_shape_are_refused_with_a_hint(tmp_path: Path) -> None:
    network, _ = read("cnn", tmp_path)
    path = _saved(tmp_path / "d.npz", x=np.zeros((64, 8, 8, 2), np.float32))
    with pytest.raises(
        DataError, match=r"--calibrate: .*d\.npz: x has shape .* \(N, 2, 8, 8\); its channels stand last"
    ):
        vectors.read(path, network, "--calibrate")


def test_few_vectors_and_unknown_classes_are_refused(tmp_path: Path) -> None:
    network, _ = read("dense", tmp_path)
    few = _saved(tmp_path / "few.npz", x=data(network.shape, 31))
    with pytest.raises(DataError, match="31 vectors; 32 or more are needed"):
        vectors.read(few, network, "--calibrate")
    strange = _saved(tmp_path / "strange.npz", x=data(network.shape), y=np.full(64, 4))
    with pytest.raises(DataError, match="y reaches 4; the network has 4 classes"):
        vectors.read(strange, network, "--calibrate")


def _bytes_or_not(x: np.ndarray[Any, Any]) -> str | None:
    return Data(Path("d.npz"), x.astype(np.float32), None).integers


def test_whole_numbers_of_a_byte_are_integers() -> None:
    assert _bytes_or_not(np.array([[0, 7, 255]])) == "UINT8"
    assert _bytes_or_not(np.array([[-128, 7]])) == "INT8"
    assert _bytes_or_not(np.array([[0, 1]])) is None
    assert _bytes_or_not(np.array([[0.5, 7]])) is None
    assert _bytes_or_not(np.array([[0, 256]])) is None


class _Bright(nn.Module):
    """Whether the first channel is above a level."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = x[:, 0].mean((1, 2))
        return torch.stack([torch.full_like(first, self.level), first], 1)


def _world(level: float, x: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> tuple[FloatNetwork, Data]:
    root, graph = nn.Module(), fx.Graph()
    root.add_module("bright", _Bright(level))
    graph.output(graph.call_module("bright", (graph.placeholder("x"),)))
    network = FloatNetwork(fx.GraphModule(root, graph), (3, 4, 4), 2)
    truth = answers(network.module, torch.from_numpy(known.astype(np.float32))).argmax(1).numpy()
    return network, Data(Path("d.npz"), x.astype(np.float32), truth)


def test_another_range_or_order_of_colours_is_hinted_at() -> None:
    x = np.random.default_rng(1).uniform(0, 1, (200, 3, 4, 4)) * np.linspace(0, 2, 200).reshape(-1, 1, 1, 1) / 2
    must_be_of_its_world(*_world(0.25, x, x))
    with pytest.raises(DataError, match="give --divide 255"):
        must_be_of_its_world(*_world(0.25, np.rint(x * 255), x))
    with pytest.raises(DataError, match="multiply x by 255"):
        must_be_of_its_world(*_world(64, x, x * 255))
    turned = x * np.array([1, 1, 3]).reshape(1, 3, 1, 1) / 3
    with pytest.raises(DataError, match="BGR for RGB"):
        must_be_of_its_world(*_world(0.25, turned, turned[:, ::-1].copy()))


def test_without_classes_bytes_raise_a_doubt() -> None:
    x = np.random.default_rng(1).uniform(0, 1, (200, 3, 4, 4)) * np.linspace(0, 2, 200).reshape(-1, 1, 1, 1) / 2
    network, labelled = _world(0.25, np.rint(x * 255), x)
    unlabelled = replace(labelled, y=None)
    said = doubt_of_range(network, unlabelled)
    assert said.startswith("d.npz: x has whole numbers up to 25") and said.endswith("give --divide 255")
    assert doubt_of_range(network, labelled) == ""
    assert doubt_of_range(network, replace(unlabelled, x=x.astype(np.float32))) == ""
    knows_bytes, _ = _world(0.0, x, x)
    assert doubt_of_range(knows_bytes, unlabelled) == "", "what labels both alike gives no cause"
