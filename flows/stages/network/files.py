"""What the network stages read of each other. Apart from the hardware's, whose code must not re-run a training."""

from __future__ import annotations

import importlib
from types import ModuleType

from flows.stages.context import Context
from toolchain.training.dataset import Dataset, load
from toolchain.training.loop import Progress

DATASET, NETWORK, QONNX, GOLDEN, INTEGER = (
    "dataset.npz",
    "network.npz",
    "model.onnx",
    "golden.npz",
    "integer.onnx",
)

# What kind of data figures are from, in words.
KIND = {"synthetic": "synthetic data", "captures": "real captures"}


def model_code(context: Context, name: str) -> ModuleType:
    """A module of the model's folder: `data` or `model`."""
    return importlib.import_module(f"models.{context.model.name}.{name}")


def dataset_of(context: Context) -> Dataset:
    """The data set."""
    return load(context.file("data", DATASET))


def step_progress(context: Context, what: str) -> Progress:
    """Progress of a training, said in a few words."""
    return lambda done, steps, loss: context.progress(
        f"{what}step {done:,} of {steps:,}, loss {loss:.4f}"
    )
