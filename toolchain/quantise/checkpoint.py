"""A checkpoint of a model's float network: weights alone are loaded, and nothing in the file is executed."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from toolchain.catalog import load_model, load_recipe
from toolchain.errors import DataError, ModelError, first_line
from toolchain.graph.export import OPSET
from toolchain.quantise.float_file import FloatNetwork, read_float
from toolchain.quantise.weight_files import load_weights
from toolchain.training.author import authors_code, model_code
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.state import State

_MOST_TOLD = 4
# Classes of a network that is built to look at the names of its weights.
_ANY = 2


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
    state, shape, folder = load_weights(path), _shape(calibrate), load_model(model)
    settings = load_recipe(folder, recipe).network
    with authors_code(folder):
        code = completed(model_code(folder, "model"))
        network = code.build_float(settings, Signature(shape, "UINT8", _ANY))
        if (classes := _classes(network, state)) != _ANY:
            network = code.build_float(settings, Signature(shape, "UINT8", classes))
    _must_fit(path, folder.shown, network, state)
    network.load_state_dict(dict(state))
    return _through_onnx(network.eval(), shape, path)


def _shape(path: Path) -> tuple[int, ...]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            shape: tuple[int, ...] = arrays["x"].shape[1:]
            return shape
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"--calibrate: {path}: no npz with inputs `x`: {first_line(error)}") from None


def _classes(network: nn.Module, state: State) -> int:
    """Rows of the weights that come last in the network: a file need not have them in its order."""
    last = [name for name, value in network.state_dict().items() if value.ndim > 1][-1:]
    return len(state[last[0]]) if last and last[0] in state and state[last[0]].ndim else _ANY


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
