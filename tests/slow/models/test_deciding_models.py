"""DualCNN and ExitCNN: networks of stages, exact from PyTorch to integers; recipes that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from models.dualcnn import model as dualcnn
from models.dualcnn import settings as dual_settings
from models.exitcnn import model as exitcnn
from models.exitcnn import settings as exit_settings
from tests.fast.toolchain.graph.staged_graphs import CLASSES, staged, vectors
from toolchain.errors import ModelError
from toolchain.found_models import find_model
from toolchain.graph.deciding import numbers_of
from toolchain.graph.execute import run_one
from toolchain.graph.golden_vectors import Golden
from toolchain.layout import ROOT
from toolchain.model_trial import try_untrained
from toolchain.runtime.stages import StagedNetwork, decided
from toolchain.training.author import recipe_schema
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.loop import set_up
from toolchain.training.network import Batch
from toolchain.yaml_file import load_yaml

IMAGES = Signature((1, 12, 12), "UINT8", 3)
DUAL = dual_settings.NetworkSettings(first=(2,), second=(3, 4))
EXITS = exit_settings.NetworkSettings(channels=(2, 3, 4), exits=(1, 2))
_MODELS = [("dualcnn", dualcnn, DUAL, 2), ("exitcnn", exitcnn, EXITS, 3)]


@pytest.mark.parametrize(("name", "code", "settings", "stages"), _MODELS)
def test_the_untrained_network_decides_in_integers(
    name: str, code: Any, settings: Any, stages: int, tmp_path: Path
) -> None:
    model = find_model(name)
    recipe = load_yaml(ROOT / "models" / name / "recipes" / "default.yaml", recipe_schema(model), "default.yaml")
    small = recipe.model_copy(update={"network": settings})
    trained = try_untrained(model, completed(code), small, IMAGES, tmp_path / "model.onnx")

    assert len(numbers_of(trained.graph)) == stages
    assert trained.graph.types[trained.scores.node].shape == (4,)


@pytest.mark.parametrize(("name", "code", "settings", "stages"), _MODELS)
def test_the_loss_teaches_every_stage(name: str, code: Any, settings: Any, stages: int) -> None:
    set_up(1)
    training = (dual_settings if name == "dualcnn" else exit_settings).TrainingSettings(steps=1, merged_steps=1)
    network = completed(code).build(settings, IMAGES)
    x = torch.randint(0, 256, (8, *IMAGES.shape)).float()
    batch = Batch(x, torch.arange(8) % IMAGES.classes, torch.Generator(), merged=False)
    code.loss(network, batch, training).backward()
    unmoved = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert not [name for name in unmoved if "weight" in name and "act_quant" not in name]


@pytest.mark.parametrize("exits", [(0,), (3,), (2, 1), (1, 1)])
def test_an_exit_behind_the_last_block_is_refused(exits: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match=r"rising numbers from 1 to 2 are expected: behind the last block"):
        exit_settings.NetworkSettings(channels=(2, 3, 4), exits=exits)


def test_thresholds_are_those_of_the_fewest_operations_within_the_loss_allowed() -> None:
    network, validation, test = _staged_and_vectors()
    whole = decided(network, validation, test, None, 0.0)
    cheap = decided(network, validation, test, None, 100.0)

    assert whole.validation.accuracy >= whole.curve[-1].accuracy
    assert cheap.operations < whole.operations <= whole.stages[-1].operations
    assert sum(stage.answered for stage in whole.stages) == len(test.truth)
    golden = network.golden(test, whole.thresholds)
    assert (golden.labels == test.truth).mean() == pytest.approx(whole.accuracy)
    with pytest.raises(ModelError, match=r"decision.thresholds: 2 for 2 stages; all but the last have one"):
        decided(network, validation, test, (1, 2), 0.0)


def _staged_and_vectors() -> tuple[StagedNetwork, Golden, Golden]:
    graph = staged(2, 3)

    def golden(seed: int) -> Golden:
        x = vectors(graph, 200, seed)
        (end,) = graph.outputs
        logits = (run_one(graph, x, [end.node])[end.node] * end.scale).astype(np.float32)
        # Truth that the last stage mostly knows.
        truth = np.where(np.arange(200) % 10, logits[:, -CLASSES:].argmax(axis=1), 0).astype(np.uint8)
        return Golden(x.reshape(200, -1), logits, truth)

    return StagedNetwork.of(graph, CLASSES), golden(1), golden(2)
