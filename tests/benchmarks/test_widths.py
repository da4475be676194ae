"""SlimCNN at each width beside a plain network that was trained at that width alone, for as many steps.

Run with ``make bench``: five trainings a recipe, on MNIST half an hour of processor time. Drawn digits are quicker:
``python -m pytest -s tests/benchmarks/test_widths.py -k default``.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from models.litecnn.altered import half_altered
from models.litecnn.data import build_dataset
from models.slimcnn import model as slimcnn
from models.slimcnn.settings import NetworkSettings, TrainingSettings
from toolchain.catalog import load_model, load_recipe
from toolchain.training.blocks import convolution, entry, grid, halved, scores
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.loop import logits_of
from toolchain.training.network import Batch, train_quantised

POINTS = 1.0
"""That a width may be worse by."""


def plain(width: int) -> SimpleNamespace:
    """Code of a network of the same layers at one width, whose channels all see each other."""

    def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
        depth, height, breadth = grid(signature)
        channels, bits = settings.channels_at(width), (settings.weight_bits, settings.activation_bits)
        layers = [convolution(a, b, *bits, stride=2) for a, b in pairwise((depth, *channels))]
        features = channels[-1] * halved(height, len(channels)) * halved(breadth, len(channels))
        end = scores(features, signature, settings.weight_bits)
        return nn.Sequential(entry(signature), *layers, nn.Flatten(), end)

    def loss(network: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
        return nn.functional.cross_entropy(network(half_altered(batch, settings)), batch.y)

    return SimpleNamespace(__name__=f"plain{width}", build=build, loss=loss)


@pytest.mark.parametrize("name", ["default", "mnist"])
def test_each_width_is_as_good_as_a_network_of_its_own(name: str, request: pytest.FixtureRequest) -> None:
    folder: Path | None = request.getfixturevalue("shared_data") / "mnist" if name == "mnist" else None
    recipe = load_recipe(load_model("slimcnn"), name)
    dataset = build_dataset(folder, recipe.data)
    x, y = dataset.part("blocked", "test")

    def right(code: object) -> list[float]:
        network = train_quantised(
            completed(code),
            recipe,
            dataset,
            "blocked",
            lambda done, steps, loss: None,  # type: ignore[arg-type]
        ).network
        parts = torch.from_numpy(logits_of(network, x)).chunk(len(recipe.widths) if code is slimcnn else 1, 1)
        return [float((part.argmax(1).numpy() == y).mean()) for part in parts]

    slim = right(slimcnn)
    rows = [(width, own, right(plain(width))[0]) for width, own in zip(recipe.widths, slim, strict=True)]
    print(f"\n| {name}: width | nested | trained alone |\n|---|---|---|")
    print("\n".join(f"| {width} % | {own:.2%} | {alone:.2%} |" for width, own, alone in rows))
    assert all(100 * (alone - own) <= POINTS for _, own, alone in rows)
