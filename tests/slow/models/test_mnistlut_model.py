"""MnistLUT's network: neurons that are tables, with learnt connections, and the same answers once merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.mnistlut.data import build_dataset
from models.mnistlut.model import build, build_float, loss, merge, restore
from models.mnistlut.neurons import Merged, Neurons
from models.mnistlut.settings import DataSettings, NetworkSettings, TrainingSettings
from toolchain.errors import ConfigError
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.runtime.trained import read_trained, verify_trained
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import Signature
from toolchain.training.loop import fit, logits_of, set_up
from toolchain.training.network import Batch
from toolchain.training.state import load_state, save_state

SETTINGS = NetworkSettings(neurons=(60, 40), fan_in=4, choosing=40)
TRAINING = TrainingSettings(steps=60, merged_steps=1, batch=64, weight_decay=0.0)


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


def test_the_merged_network_answers_as_the_trained_one(trained: nn.Sequential, dataset: Dataset) -> None:
    x, _ = dataset.part("blocked", "test")
    answers = logits_of(trained, x)
    assert np.array_equal(logits_of(merge(trained, SETTINGS), x), answers)
    assert len(np.unique(answers)) > 4


def test_export_and_integers_are_exact(trained: nn.Sequential, dataset: Dataset, tmp_path: Path) -> None:
    merged, (x, y) = merge(trained, SETTINGS), dataset.part("blocked", "test")
    export_network(merged, dataset.shape, dataset.input_type, tmp_path / "model.onnx")
    model = load_model(tmp_path / "model.onnx")
    golden = Golden(x.reshape(len(x), -1), logits_of(merged, x), y)
    assert verify_export(merged, model, golden).equal == len(x)
    read = read_trained(model)
    assert verify_trained(read, golden).equal == len(x)
    assert read.network is not None
    assert [(layer.outputs, layer.table is not None) for layer in read.network.layers] == [
        (60, True),
        (40, True),
        (10, False),
    ]


def test_a_saved_network_comes_back(trained: nn.Sequential, dataset: Dataset, tmp_path: Path) -> None:
    merged, (x, _) = merge(trained, SETTINGS), dataset.part("blocked", "test")
    save_state(merged, tmp_path / "network.npz")
    again = restore(SETTINGS, dataset.signature, load_state(tmp_path / "network.npz"))
    assert np.array_equal(logits_of(again, x), logits_of(merged, x))


def test_fine_tuning_leaves_connections_and_what_is_counted(trained: nn.Sequential, dataset: Dataset) -> None:
    merged = merge(trained, SETTINGS)
    before = {name: value.clone() for name, value in merged.state_dict().items()}
    x, y = dataset.part("blocked", "train")
    fit(merged, x, y, TRAINING, steps=3, learning_rate=0.01)
    altered = {name for name, value in merged.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[-1] for name in altered} == {"tables", "done"}


def test_tables_learn_what_no_sum_tells() -> None:
    """Whether three bits are odd in number."""
    set_up(1)
    network = nn.Sequential(Neurons(3, 8, 3), nn.Linear(8, 2))
    x = np.random.default_rng(1).integers(0, 2, (2000, 3)).astype(np.uint8)
    y = (x.sum(1) & 1).astype(np.uint8)
    fit(network, x, y, TRAINING, steps=200, learning_rate=0.02)
    assert (logits_of(network, x).argmax(1) == y).all()


def test_inputs_that_tell_the_class_are_chosen() -> None:
    set_up(1)
    network = nn.Sequential(Neurons(20, 8, 2, 400), nn.Linear(8, 2))
    x = np.random.default_rng(1).integers(0, 2, (2000, 20)).astype(np.uint8)
    fit(network, x, x[:, 3] & x[:, 11], TRAINING, steps=400, learning_rate=0.02)
    seen = network[0].places.flatten().tolist()
    # Of the sixteen places of all neurons, drawn by chance, not two would be theirs.
    assert seen.count(3) + seen.count(11) >= 5


def test_an_input_seen_twice_is_counted_by_the_sum() -> None:
    learnt = Neurons(5, 4, 3, 1)
    learnt.places = torch.tensor([[0, 0, 1], [2, 2, 2], [3, 4, 3], [0, 1, 2]])
    x = torch.tensor(np.random.default_rng(1).integers(0, 2, (32, 5))).float()
    assert torch.equal(Merged.of(learnt).eval()(x), learnt.eval()(x))


def test_a_layer_before_learns_through_tables() -> None:
    set_up(1)
    first, second = Neurons(6, 12, 3), Neurons(12, 6, 3)
    x = torch.tensor(np.random.default_rng(1).integers(0, 2, (64, 6))).float()
    nn.Sequential(first, second).train()(x).sum().backward()
    assert first.tables.grad is not None and bool(first.tables.grad.any())


def test_half_of_the_images_are_altered_for_training(dataset: Dataset) -> None:
    seen: list[torch.Tensor] = []
    x, y = dataset.part("blocked", "train")
    images = torch.from_numpy(x[:10]).float()

    class Looks(nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            seen.append(given)
            return torch.zeros(len(given), 10)

    loss(Looks(), Batch(images, torch.from_numpy(y[:10].astype(np.int64)), torch.Generator(), merged=False), TRAINING)
    assert torch.equal(seen[0][:5], images[:5])
    assert not torch.equal(seen[0][5:], images[5:])
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}


def test_neurons_that_cannot_be_shared_out_are_refused() -> None:
    settings = NetworkSettings(neurons=(60, 41))
    with pytest.raises(ConfigError, match=r"network.neurons: 41 in the last layer; should be a multiple of 10"):
        build(settings, Signature((1, 9, 9), "BINARY", 10))


def test_the_float_reference_answers() -> None:
    signature = Signature((1, 9, 9), "BINARY", 3)
    assert build_float(SETTINGS, signature)(torch.zeros(2, 1, 9, 9)).shape == (2, 3)
