"""What the network stages read of each other. Apart from the hardware's, whose code must not re-run a training."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from flows.stages.context import Context
from toolchain.training import author as authors
from toolchain.training.dataset import SYNTHETIC, Dataset, load
from toolchain.training.words import Words

if TYPE_CHECKING:
    from qonnx.core.modelwrapper import ModelWrapper

    from toolchain.training.loop import StepProgress

DATASET, NETWORK, QONNX, GOLDEN, INTEGER = (
    "dataset.npz",
    "network.npz",
    "model.onnx",
    "golden.npz",
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


def step_progress(context: Context, what: str) -> StepProgress:
    """Progress of a training, said in a few words."""
    return lambda done, steps, loss: context.progress(
        f"{what}step {done:,} of {steps:,}, loss {loss:.4f}", done / steps
    )
