"""The networks that `gateweave new` begins a model with: trained a little, merged, and exact in integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.layout import ROOT
from toolchain.model_folder import ModelFolder
from toolchain.model_trial import try_untrained
from toolchain.runtime.trained import read_trained, verify_trained
from toolchain.training.author import model_code, recipe_schema
from toolchain.training.dataset import Dataset, dataset_of
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.loop import logits_of
from toolchain.training.network import score, train_float, train_quantised
from toolchain.training.recipe import Recipe
from toolchain.training.state import load_state, save_state

KINDS = sorted(path.parent.name for path in (ROOT / "toolchain/kinds").glob("*/model.py"))
SMALL: dict[str, Any] = {name: {"channels": [4, 6]} for name in KINDS} | {"mlp": {"hidden": [12]}}
_QUIET = lambda done, steps, loss: None  # noqa: E731


def _folder(kind: str) -> ModelFolder:
    return ModelFolder(kind, ROOT / "toolchain/kinds" / kind)


def _recipe(kind: str, **network: Any) -> Recipe:
    training = {"steps": 60, "merged_steps": 20, "batch": 32, "learning_rate": 0.01, "rare_share": 0.0}
    raw = {"title": "t", "data": {"format": "npz"}, "network": {**SMALL[kind], **network}, "training": training}
    return recipe_schema(_folder(kind)).model_validate(raw)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Images of which the bright half tells the class."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 40, (300, 2, 9, 7)), rng.integers(0, 2, 300)
    x[y == 0, :, :4] += 60
    x[y == 1, :, 5:] += 60
    split = np.repeat(np.array([0, 1, 2], np.uint8), [200, 50, 50])
    splits = {"blocked": split, "random": split}
    return dataset_of(x, y, input_type="UINT8", classes=("up", "down"), kind="images", splits=splits)


def test_there_are_four() -> None:
    assert KINDS == ["cnn", "depthwise", "mlp", "residual"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_no_more_than_thirty_lines(kind: str) -> None:
    assert len((_folder(kind).path / "model.py").read_text().splitlines()) <= 30


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_is_saved_and_is_exact(kind: str, dataset: Dataset, tmp_path: Path) -> None:
    code, recipe = completed(model_code(_folder(kind), "model")), _recipe(kind)
    network = train_quantised(code, recipe, dataset, "blocked", _QUIET).network
    assert score(network, dataset, "blocked").accuracy > 0.9
    save_state(network, tmp_path / "network.npz")
    restored = code.restore(recipe.network, dataset.signature, load_state(tmp_path / "network.npz"))
    x, y = dataset.part("blocked", "test")
    golden = Golden(x.reshape(len(x), -1), logits_of(network, x), y)
    assert np.array_equal(logits_of(restored, x), golden.logits)
    export_network(restored, dataset.shape, dataset.input_type, tmp_path / "model.onnx")
    exported = load_model(tmp_path / "model.onnx")
    assert verify_export(restored, exported, golden).equal == 50
    assert verify_trained(read_trained(exported), golden).equal == 50


@pytest.mark.parametrize("kind", KINDS)
def test_its_float_reference_has_no_quantiser_and_learns(kind: str, dataset: Dataset) -> None:
    code, recipe = completed(model_code(_folder(kind), "model")), _recipe(kind)
    network = train_float(code, recipe, dataset, "blocked", _QUIET)
    assert not any("brevitas" in type(module).__module__ for module in network.modules())
    assert score(network, dataset, "blocked").accuracy > 0.9


@pytest.mark.parametrize("bits", [2, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_exact_at_other_widths_and_from_one_pixel_on(kind: str, bits: int, tmp_path: Path) -> None:
    recipe = _recipe(kind, weight_bits=bits, activation_bits=bits)
    signature = Signature((1, 5, 1), "INT8", 3)
    code = completed(model_code(_folder(kind), "model"))
    assert try_untrained(_folder(kind), code, recipe, signature, tmp_path / "model.onnx").graph.outputs


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mlp"])
def test_convolutions_refuse_rows_that_are_no_grid(kind: str) -> None:
    code = completed(model_code(_folder(kind), "model"))
    with pytest.raises(ModelError, match="rows of 12 are no \\(channels, height, width\\)"):
        code.build(_recipe(kind).network, Signature((12,), "UINT8", 3))
