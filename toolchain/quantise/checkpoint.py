"""A checkpoint of a model's float network: weights alone are loaded, and nothing in the file is executed."""

from __future__ import annotations

import pickle
import re
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain.catalog import load_model, load_recipe
from toolchain.errors import DataError, ModelError, first_line
from toolchain.graph.export import OPSET
from toolchain.quantise.float_file import FloatNetwork, read_float
from toolchain.training.author import authors_code, model_code
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.state import State, load_state

SUFFIXES = (".pt", ".pth", ".ckpt", ".npz")
"""Of files that are taken for checkpoints."""

# The keys under which training programs keep the weights beside other things.
_INSIDE = ("state_dict", "model_state_dict", "model")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_MOST_TOLD = 4


def read_checkpoint(path: Path, model: str, calibrate: Path, recipe: str = "default") -> FloatNetwork:
    """The float network of a model with the weights of a file.

    Args:
        model: its name, or a folder that holds it, whose own code is run; see `toolchain.found_models.find_model`.
        calibrate: an npz whose `x` has the shape of the network's inputs.

    Raises:
        ModelError: the file holds code or no weights, or weights of other shapes than the model's.
        DataError: `calibrate` has no shape.
        ConfigError: there is no such model or recipe.
    """
    state = load_weights(path)
    shape, classes = _shape(calibrate), _classes(path, state)
    folder = load_model(model)
    settings = load_recipe(folder, recipe).network
    with authors_code(folder):
        network = completed(model_code(folder, "model")).build_float(settings, Signature(shape, "UINT8", classes))
    _must_fit(path, folder.shown, network, state)
    network.load_state_dict(dict(state))
    return _through_onnx(network.eval(), shape, path)


def load_weights(path: Path) -> State:
    """The tensors of a file of PyTorch, or of an npz.

    Raises:
        ModelError: it holds anything else, such as code; names that.
    """
    try:
        found: Any = (
            load_state(path) if path.suffix == ".npz" else torch.load(path, map_location="cpu", weights_only=True)
        )
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path}: {_refusal(str(error))}; save network.state_dict() alone, with torch.save") from None
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: no checkpoint of weights: {first_line(error)}") from None
    inside = next(
        (found[key] for key in _INSIDE if isinstance(found, Mapping) and isinstance(found.get(key), Mapping)), found
    )
    if not isinstance(inside, Mapping) or not inside or not all(isinstance(v, torch.Tensor) for v in inside.values()):
        raise ModelError(f"{path}: holds {type(inside).__name__}, no tensors by their names; save network.state_dict()")
    return {str(name): value for name, value in inside.items()}


def _refusal(said: str) -> str:
    found = _GLOBAL.search(said)
    return f"would run {found[1]}, which is no tensor; nothing of it was run" if found else "holds more than tensors"


def _shape(path: Path) -> tuple[int, ...]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            shape: tuple[int, ...] = arrays["x"].shape[1:]
            return shape
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"--calibrate: {path}: no npz with inputs `x`: {first_line(error)}") from None


def _classes(path: Path, state: State) -> int:
    """Rows of the last weights."""
    weights = [value for value in state.values() if value.ndim >= 2]
    if not weights:
        raise ModelError(f"{path}: holds no weights of a layer")
    return len(weights[-1])


def _must_fit(path: Path, shown: str, network: nn.Module, state: State) -> None:
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in state.items()}
    wrong = [
        f"{name} is {_told(given.get(name))}, {_told(wanted.get(name))} in the model"
        for name in [*wanted, *(name for name in given if name not in wanted)]
        if given.get(name) != wanted.get(name)
    ]
    if wrong:
        more = f", and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise ModelError(f"{path}: its weights are not those of {shown}: {'; '.join(wrong[:_MOST_TOLD])}{more}")


def _told(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else "x".join(map(str, shape)) or "one number"


def _through_onnx(network: nn.Module, shape: tuple[int, ...], path: Path) -> FloatNetwork:
    """As the ONNX file that PyTorch makes of it is read."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / f"{path.stem}.onnx"
        torch.onnx.export(network, (torch.zeros(1, *shape),), str(file), dynamo=False, opset_version=OPSET)
        return read_float(file)
