"""What the network stages read of each other. Apart from the hardware's, whose code must not re-run a training."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

from flows.stages.context import Context
from toolchain.errors import BudgetError
from toolchain.training import author as authors
from toolchain.training.dataset import SYNTHETIC, Dataset, load
from toolchain.training.words import Words

if TYPE_CHECKING:
    from qonnx.core.modelwrapper import ModelWrapper

    from toolchain.training.budget import Estimate
    from toolchain.training.loop import StepProgress

DATASET, NETWORK, QONNX, GOLDEN, SCORES, INTEGER = (
    "dataset.npz",
    "network.npz",
    "model.onnx",
    "golden.npz",
    "scores.npz",
    "integer.onnx",
)


def model_code(context: Context, name: str) -> ModuleType:
    """A module of the model's folder, such as `data`; see `toolchain.training.author`."""
    return authors.model_code(context.model, name)


def words(context: Context) -> Words:
    """What the model's rows and data are called."""
    return authors.words_of(context.model)


def kind_words(dataset: Dataset) -> str:
    """What kind of data figures are from."""
    return "synthetic data" if dataset.kind == SYNTHETIC else f"real {dataset.kind}"


def must_be_exact(context: Context, model: ModelWrapper) -> None:
    """Refuse an exported model whose sums would be rounded."""
    from toolchain.graph.scales import must_be_powers_of_two

    must_be_powers_of_two(model, f"{context.model.shown}/model.py")


def dataset_of(context: Context) -> Dataset:
    """The data set."""
    return load(context.file("data", DATASET))


def lut_estimate(context: Context, dataset: Dataset) -> Estimate | None:
    """What a recipe with a budget counts with; None for any other.

    The module is named so that only a recipe with a budget is trained again when the estimate of hardware changes; see
    `with_section` in `toolchain.stages.Remade`.
    """
    if context.recipe.budget is None:
        return None
    module = importlib.import_module(f"{__package__}.lut_estimate")
    inputs = context.recipe.budget.lut_inputs
    return partial(module.lut_of, dataset=dataset, lut_inputs=inputs, shown=context.recipe_shown)


@contextmanager
def budget_named(context: Context) -> Iterator[None]:
    """An error of a budget says which recipe has it."""
    try:
        yield
    except BudgetError as error:
        raise BudgetError(f"{context.recipe_shown}: {error}") from error


def step_progress(context: Context, what: str) -> StepProgress:
    """Progress of a training, said in a few words."""
    return lambda done, steps, loss: context.progress(
        f"{what}step {done:,} of {steps:,}, loss {loss:.4f}", done / steps
    )
