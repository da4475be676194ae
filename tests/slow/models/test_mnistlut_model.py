"""MnistLUT's network: learnt thresholds and connections, whole in the end, and the same answers once merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.mnistlut.data import build_dataset
from models.mnistlut.layers import Chosen, Thermometer
from models.mnistlut.model import build, build_float, merge, restore
from models.mnistlut.settings import DataSettings, NetworkSettings
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.runtime.trained import read_trained, verify_trained
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import Signature
from toolchain.training.loop import fit, logits_of, set_up
from toolchain.training.recipe import TrainingSettings
from toolchain.training.state import load_state, save_state

SETTINGS = NetworkSettings(levels=2, neurons=40, fan_in=4, choosing=10, pruning=20, sharpening=20)
TRAINING = TrainingSettings(steps=60, merged_steps=1, batch=64)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return build_dataset(None, DataSettings(drawn=1000))


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> nn.Sequential:
    set_up(1)
    network = build(SETTINGS, dataset.signature)
    x, y = dataset.part("blocked", "train")
    fit(network, x, y, TRAINING, steps=60, learning_rate=0.01)
    return network


def test_a_neuron_sees_few_bits_by_whole_weights(trained: nn.Sequential) -> None:
    weights, cuts = trained[1].integers()
    assert set(weights.unique().tolist()) <= {-2, -1, 0, 1, 2}
    assert int((weights != 0).sum(1).max()) <= 4
    assert torch.equal(cuts, torch.round(cuts))


def test_the_merged_network_answers_as_the_trained_one(trained: nn.Sequential, dataset: Dataset) -> None:
    x, _ = dataset.part("blocked", "test")
    assert np.array_equal(logits_of(merge(trained, SETTINGS), x), logits_of(trained, x))


def test_export_and_integers_are_exact(trained: nn.Sequential, dataset: Dataset, tmp_path: Path) -> None:
    merged, (x, y) = merge(trained, SETTINGS), dataset.part("blocked", "test")
    export_network(merged, dataset.shape, dataset.input_type, tmp_path / "model.onnx")
    model = load_model(tmp_path / "model.onnx")
    golden = Golden(x.reshape(len(x), -1), logits_of(merged, x), y)
    assert verify_export(merged, model, golden).equal == len(x)
    read = read_trained(model)
    assert verify_trained(read, golden).equal == len(x)
    assert read.network is not None
    assert [layer.outputs for layer in read.network.layers] == [2 * 784, 40, 10]


def test_a_saved_network_comes_back(trained: nn.Sequential, dataset: Dataset, tmp_path: Path) -> None:
    merged, (x, _) = merge(trained, SETTINGS), dataset.part("blocked", "test")
    save_state(merged, tmp_path / "network.npz")
    again = restore(SETTINGS, dataset.signature, load_state(tmp_path / "network.npz"))
    assert np.array_equal(logits_of(again, x), logits_of(merged, x))


def test_fine_tuning_leaves_thresholds_and_connections(trained: nn.Sequential, dataset: Dataset) -> None:
    merged = merge(trained, SETTINGS)
    before = {name: value.clone() for name, value in merged.state_dict().items()}
    x, y = dataset.part("blocked", "train")
    fit(merged, x, y, TRAINING, steps=3, learning_rate=0.01)
    altered = {name for name, value in merged.state_dict().items() if not torch.equal(value, before[name])}
    assert altered == {"6.weight"}


def test_thresholds_of_pixels_are_learnt() -> None:
    """Class 1 from the value 3 up; the threshold begins at 1.5."""
    set_up(1)
    network = nn.Sequential(Thermometer(1, 1, "UINT2"), nn.Linear(1, 2))
    x = np.tile(np.arange(4, dtype=np.uint8), 100)[:, None]
    fit(network, x, (x[:, 0] == 3).astype(np.uint8), TRAINING, steps=200, learning_rate=0.05)
    assert network[0].cuts.tolist() == [3]


def test_inputs_that_tell_the_class_are_chosen() -> None:
    set_up(1)
    network = nn.Sequential(Chosen(20, 8, 2, (30, 30, 30)), nn.Linear(8, 2))
    x = np.random.default_rng(1).integers(0, 2, (2000, 20)).astype(np.uint8)
    fit(network, x, x[:, 3] & x[:, 11], TRAINING, steps=120, learning_rate=0.02)
    seen = {int(place) for row in network[0].integers()[0] for place in row.nonzero()}
    assert {3, 11} <= seen and len(seen) < 10


def test_the_float_reference_answers() -> None:
    signature = Signature((1, 9, 9), "UINT2", 3)
    assert build_float(SETTINGS, signature)(torch.zeros(2, 1, 9, 9)).shape == (2, 3)
