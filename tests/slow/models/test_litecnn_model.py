"""LiteCNN's network: size, streams, altered images, exact export; and a short training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.litecnn import model as code
from models.litecnn.altered import altered
from models.litecnn.data import build_dataset
from models.litecnn.model import STREAMS, build, build_float, merge, restore
from models.litecnn.settings import NetworkSettings, TrainingSettings
from toolchain.found_models import find_model
from toolchain.graph.execute import run_one
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.scales import must_be_powers_of_two
from toolchain.graph.verify import verify_export
from toolchain.layout import ROOT
from toolchain.training.answers import must_answer
from toolchain.training.author import recipe_schema
from toolchain.training.inputs import Signature
from toolchain.training.loop import logits_of, set_up
from toolchain.training.network import Batch, score, train_float, train_quantised
from toolchain.training.state import load_state, save_state
from toolchain.yaml_file import load_yaml

MNIST = Signature((1, 28, 28), "UINT8", 10)
SMALL = NetworkSettings(channels=(2, 3, 4))
TRAINING = TrainingSettings(steps=1, merged_steps=1)
PUBLISHED = 14_862
"""Parameters of the network that this one follows."""


@pytest.fixture(autouse=True)
def _repeatable() -> None:
    set_up(1)


def test_it_has_no_more_parameters_than_the_published_one() -> None:
    network = merge(build(NetworkSettings(), MNIST).eval(), NetworkSettings())
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_392 < PUBLISHED


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (9, 15), (32, 30)])
@pytest.mark.parametrize("bits", [2, 4])
def test_every_network_answers_images_of_any_size(size: tuple[int, int], bits: int) -> None:
    signature = Signature((1, *size), "UINT8", 3)
    settings = NetworkSettings(channels=(2, 3, 4), weight_bits=bits, activation_bits=bits)
    must_answer(build_float(settings, signature), signature, "build_float")
    built = must_answer(build(settings, signature), signature, "build")
    must_answer(merge(built, settings), signature, "merge")


def test_the_streams_alone_add_up_to_the_network() -> None:
    network = build(SMALL, MNIST).eval()
    x = _images(5)
    alone = torch.stack([network.alone(number, x) for number in range(STREAMS)]).sum(dim=0)
    assert torch.allclose(alone, network(x), atol=1e-4)


def test_each_stream_learns_of_its_own_images_until_both_are_merged() -> None:
    """How images are altered is nothing to the stream of plain ones, until both answer together."""
    assert _differ(merged=False) == [False, True]
    assert _differ(merged=True) == [True, True]


def _differ(*, merged: bool) -> list[bool]:
    """Whether the first weights of each stream are told something else where images are altered in another way."""
    network, x, y = build(SMALL, MNIST).train(), _images(8), torch.zeros(8, dtype=torch.int64)
    told = []
    for seed in (1, 2):
        network.zero_grad()
        code.loss(network, Batch(x, y, torch.Generator().manual_seed(seed), merged), TRAINING).backward()
        told.append([stream[0].weight.grad.clone() for stream in network.streams])
    return [not torch.equal(one, other) for one, other in zip(*told, strict=True)]


def test_exported_network_is_exact_and_restored_from_its_state(tmp_path: Path) -> None:
    signature = Signature((1, 18, 17), "UINT8", 3)
    network = merge(build(SMALL, signature).eval(), SMALL)
    x = np.random.default_rng(0).integers(0, 256, (20, *signature.shape)).astype(np.uint8)
    save_state(network, tmp_path / "a.npz")
    again = restore(SMALL, signature, load_state(tmp_path / "a.npz"))
    assert np.array_equal(logits_of(again, x), logits_of(network, x))
    export_network(again, signature.shape, signature.input_type, tmp_path / "model.onnx")
    model = load_model(tmp_path / "model.onnx")
    must_be_powers_of_two(model, "model.py")
    check = verify_export(again, model, Golden(x.reshape(20, -1), logits_of(network, x), np.zeros(20, np.uint8)))
    assert check.equal == 20
    graph = read_qonnx(model).graph
    integers = run_one(graph, x.transpose(0, 2, 3, 1))[graph.outputs[0].node]
    assert np.array_equal(integers.reshape(20, -1) * graph.outputs[0].scale, logits_of(network, x))


def _images(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, *MNIST.shape), generator=torch.Generator().manual_seed(3)).float()


def _settings(**own: object) -> TrainingSettings:
    return TrainingSettings.model_validate({"steps": 1, "merged_steps": 1, "shift": 0, "zoom": 0, "shear": 0, **own})


def test_altered_images_are_whole_numbers_of_the_same_range() -> None:
    other = altered(_images(50), TRAINING, torch.Generator().manual_seed(1))
    assert torch.equal(other, other.round())
    assert 0 <= other.min() <= other.max() <= 255
    assert not torch.equal(other, _images(50))


def test_nothing_to_alter_leaves_images_as_they_are() -> None:
    assert torch.equal(altered(_images(9), _settings(), torch.Generator()), _images(9))


def test_flipped_images_are_mirrored_every_other_time() -> None:
    x = _images(100)
    other = altered(x, _settings(flip=True), torch.Generator().manual_seed(1))
    mirrored = (other == x.flip(3)).flatten(1).all(dim=1)
    assert 30 < mirrored.sum() < 70
    assert torch.equal(other[~mirrored], x[~mirrored])


def test_a_shift_is_no_farther_than_said() -> None:
    x = torch.zeros(200, 1, 28, 28)
    x[:, :, 14, 14] = 255
    places = altered(x, _settings(shift=3), torch.Generator().manual_seed(1)).nonzero()[:, 2:]
    assert (places - 14).abs().max() == 3


@pytest.mark.parametrize("recipe", sorted((ROOT / "models/litecnn/recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_are_sound(recipe: Path) -> None:
    load_yaml(recipe, recipe_schema(find_model("litecnn")))


def test_it_learns_from_few_drawn_digits() -> None:
    recipe = recipe_schema(find_model("litecnn")).model_validate(
        {
            "title": "short",
            "data": {"drawn": 1000},
            "network": {"channels": [3, 4, 6]},
            "training": {"steps": 60, "merged_steps": 20, "batch": 32, "learning_rate": 0.02, "rare_share": 0.0},
        }
    )
    whole = build_dataset(None, recipe.data)
    # Half their size takes a quarter of the time.
    x = whole.inputs_of(np.arange(len(whole))).reshape(-1, 1, 14, 2, 14, 2).max(axis=(3, 5))
    dataset = replace(whole, packed=x.reshape(len(x), -1), shape=x.shape[1:])
    steps: list[int] = []
    trained = train_quantised(code, recipe, dataset, "blocked", lambda done, total, loss: steps.append(done))
    assert steps == [60, 80]
    assert score(trained.network, dataset, "blocked").accuracy > 0.35
    reference = train_float(code, recipe, dataset, "blocked", lambda done, total, loss: None)
    assert score(reference, dataset, "blocked").accuracy > 0.35
