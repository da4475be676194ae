"""DualCNN, ExitCNN and SlimCNN: networks of stages, exact from PyTorch to integers; recipes that cannot be."""

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
from models.slimcnn import model as slimcnn
from models.slimcnn import settings as slim_settings
from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, nested, staged, vectors
from toolchain.errors import ConfigError, ModelError
from toolchain.found_models import find_model
from toolchain.graph.deciding import numbers_of
from toolchain.graph.execute import run_one
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.graph import Graph
from toolchain.layout import ROOT
from toolchain.model_trial import try_untrained
from toolchain.results.facts.decision import KeptAnswers
from toolchain.runtime.stages import StagedNetwork, at_width, decided
from toolchain.training.author import recipe_schema
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.loop import set_up
from toolchain.training.network import Batch
from toolchain.yaml_file import load_yaml

IMAGES = Signature((1, 12, 12), "UINT8", 3)
DUAL = dual_settings.NetworkSettings(first=(2,), second=(3, 4))
EXITS = exit_settings.NetworkSettings(channels=(2, 3, 4), exits=(1, 2))
SLIM = slim_settings.NetworkSettings(channels=(4, 4))
_MODELS = [("dualcnn", dualcnn, DUAL, 2), ("exitcnn", exitcnn, EXITS, 3), ("slimcnn", slimcnn, SLIM, 4)]
_SETTINGS = {"dualcnn": dual_settings, "exitcnn": exit_settings, "slimcnn": slim_settings}


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
    training = _SETTINGS[name].TrainingSettings(steps=1, merged_steps=1)
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


def test_widths_and_channels_that_do_not_suit_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"channels 6: 25 % of them is no whole number"):
        slim_settings.NetworkSettings(channels=(4, 6))
    with pytest.raises(ValidationError, match=r"rising percents that end in 100 are expected"):
        slim_settings.NetworkSettings(widths=(25, 50))


def test_a_narrower_width_is_a_part_of_the_wider() -> None:
    set_up(3)
    network = completed(slimcnn).build(SLIM, IMAGES).eval()
    x = torch.randint(0, 256, (6, *IMAGES.shape)).float()
    before = network(x).chunk(4, 1)
    with torch.no_grad():
        # What only the full width has.
        for blocks in network.layers:
            for weights in blocks[-1].parameters():
                weights.add_(1.0)
    after = network(x).chunk(4, 1)
    assert [torch.equal(old, new) for old, new in zip(before, after, strict=True)] == [True, True, True, False]


def test_a_width_that_is_not_trained_is_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "narrow.yaml"
    text = (ROOT / "models" / "slimcnn" / "recipes" / "default.yaml").read_text()
    recipe.write_text(text.replace("start: 100", "start: 60"))
    with pytest.raises(ConfigError, match=r"width.start 60: no width that is trained; those are 25, 50, 75, 100"):
        load_yaml(recipe, recipe_schema(find_model("slimcnn")), "narrow.yaml")


def test_each_width_is_told_with_its_accuracy_and_the_one_that_is_built() -> None:
    graph = nested(3)
    test = _golden(graph, 2)
    network = StagedNetwork.of(graph, CLASSES, WIDTHS)
    told = at_width(network, _golden(graph, 1), test, 50)

    assert (told.widths, told.width, told.thresholds) == (WIDTHS, 50, (1, 0))
    assert [stage.answered for stage in told.stages] == [0, len(test.truth), 0]
    assert told.accuracy == told.stages[1].alone and told.operations == told.stages[1].operations
    assert [point.shares for point in told.curve] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert (network.golden(test, told.thresholds).labels == test.truth).mean() == pytest.approx(told.accuracy)
    with pytest.raises(ModelError, match=r"network.widths: 2, but forward\(\) gives the logits of 3"):
        StagedNetwork.of(graph, CLASSES, (50, 100))


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


def test_a_memory_is_told_by_inputs_that_come_twice() -> None:
    network, validation, test = _staged_and_vectors()
    made = decided(network, validation, test, None, 100.0)
    whole, some = (network.twice(test, made.thresholds, places) for places in (len(test.x), 8))

    assert whole.recalled >= len(test.x) and whole.asked == some.asked == 2 * len(test.x)
    assert 0 < some.recalled < whole.recalled
    memory = KeptAnswers(size=len(test.x), place="driver", twice=whole)
    kept = made.model_copy(update={"memory": memory})
    assert 0 < kept.operations_twice <= kept.operations / 2 and made.twice is None


def _staged_and_vectors() -> tuple[StagedNetwork, Golden, Golden]:
    graph = staged(2, 3)
    return StagedNetwork.of(graph, CLASSES), _golden(graph, 1), _golden(graph, 2)


def _golden(graph: Graph, seed: int) -> Golden:
    x = vectors(graph, 200, seed)
    (end,) = graph.outputs
    logits = (run_one(graph, x, [end.node])[end.node] * end.scale).astype(np.float32)
    # Truth that the last stage mostly knows.
    truth = np.where(np.arange(200) % 10, logits[:, -CLASSES:].argmax(axis=1), 0).astype(np.uint8)
    return Golden(x.reshape(200, -1), logits, truth)
