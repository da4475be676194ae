"""Whether a model's network is exact before it is trained: exported, read back as integers, and compared."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from torch import nn

from toolchain.catalog import load_model as load_folder
from toolchain.catalog import load_recipe
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.scales import must_be_powers_of_two
from toolchain.graph.verify import verify_export
from toolchain.model_data import data_of
from toolchain.model_folder import ModelFolder
from toolchain.runtime.trained import Trained, read_trained, verify_trained
from toolchain.training.answers import must_answer
from toolchain.training.author import authors_code, model_code
from toolchain.training.dataset import Dataset
from toolchain.training.derived import completed
from toolchain.training.inputs import INPUT_TYPES, Signature
from toolchain.training.loop import logits_of, set_up
from toolchain.training.network import ModelCode
from toolchain.training.recipe import Recipe

_ROWS = 16


def try_untrained(model: ModelFolder, code: ModelCode, recipe: Recipe, signature: Signature, path: Path) -> Trained:
    """Write the untrained network to `path`, and compare it with its integers on a few random rows.

    Raises:
        ModelError: the model's code fails, or its network cannot be expressed in integers; names the file.
        VerificationError: an answer differs.
    """
    shown, decides = f"{model.shown}/model.py", recipe.staged
    set_up(recipe.training.seed)
    with authors_code(model):
        network = must_answer(code.build(recipe.network, signature), signature, f"{shown}: build()", decides=decides)
        merged = must_answer(code.merge(network, recipe.network), signature, f"{shown}: merge()", decides=decides)
        export_network(merged, signature.shape, signature.input_type, path)
    exported = load_model(path)
    must_be_powers_of_two(exported, shown)
    trained = read_trained(exported)
    golden = _golden(merged, signature)
    verify_export(merged, exported, golden)
    verify_trained(trained, golden)
    if not decides:
        return trained
    classes = signature.classes
    thresholds = [0] * (golden.logits.shape[1] // classes - 1)
    return trained.deciding(classes, thresholds, recipe.widths)


def try_model(folder: Path, recipe: str = "default") -> Dataset:
    """Read the data of a model and try its untrained network, as a build does before it trains; returns the data set.

    Raises:
        GateweaveError: either fails; says what and where.
    """
    model = load_folder(f"{folder.resolve()}/")
    read = load_recipe(model, recipe)
    dataset, _ = data_of(model, recipe, read)
    code = completed(model_code(model, "model"))
    with tempfile.TemporaryDirectory() as work:
        try_untrained(model, code, read, dataset.signature, Path(work) / "model.onnx")
    return dataset


def _golden(network: nn.Module, signature: Signature) -> Golden:
    x = INPUT_TYPES[signature.input_type].draw((_ROWS, *signature.shape), 1)
    return Golden(x.reshape(_ROWS, -1), logits_of(network, x), np.zeros(_ROWS, np.uint8))
