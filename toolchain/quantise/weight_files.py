"""Files of weights: of PyTorch, of `torch.export`, safetensors and npz. Tensors alone are read; nothing is executed."""

from __future__ import annotations

import json
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from toolchain.errors import ModelError, first_line
from toolchain.training.state import State, load_state

# The keys under which training programs keep the weights beside other things.
_INSIDE = ("state_dict", "model_state_dict", "model")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
# What is listed of the weights in a file of `torch.export`, and its numbers for types of elements.
_LISTED = "data/weights/model_weights_config.json"
_TYPES = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}
_UNREADABLE = (OSError, ValueError, RuntimeError, EOFError, KeyError, zipfile.BadZipFile, SafetensorError)


def load_weights(path: Path) -> State:
    """The tensors of a file by their names.

    Raises:
        ModelError: it holds anything else, such as code; names that.
    """
    try:
        found = _READERS.get(path.suffix, _of_torch)(path)
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path}: {_refusal(str(error))}; save network.state_dict() alone, with torch.save") from None
    except _UNREADABLE as error:
        raise ModelError(f"{path}: no checkpoint of weights: {first_line(error)}") from None
    if not isinstance(found, Mapping) or not found or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise ModelError(f"{path}: holds {type(found).__name__}, no tensors by their names; save network.state_dict()")
    return {str(name): value for name, value in found.items()}


def _refusal(said: str) -> str:
    found = _GLOBAL.search(said)
    return f"would run {found[1]}, which is no tensor; nothing of it was run" if found else "holds more than tensors"


def _of_torch(path: Path) -> object:
    """What `torch.save` wrote: weights, or a mapping that has them under one of `_INSIDE`."""
    found: object = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(found, Mapping):
        return found
    return next((found[key] for key in _INSIDE if isinstance(found.get(key), Mapping)), found)


class _Size(BaseModel):
    as_int: int


class _Meta(BaseModel):
    """How a tensor lies in its bytes."""

    dtype: int
    sizes: list[_Size]
    strides: list[_Size]
    storage_offset: _Size


class _Weight(BaseModel):
    path_name: str
    use_pickle: bool
    tensor_meta: _Meta | None


class _Listed(BaseModel):
    config: dict[str, _Weight]


def _of_export(path: Path) -> State:
    """The weights of what `torch.export.save` wrote. Its program is not read, which PyTorch's own loader would run."""
    with zipfile.ZipFile(path) as archive:
        listed = next((name for name in archive.namelist() if name.endswith(f"/{_LISTED}")), None)
        if listed is None:
            raise ValueError(f"no {_LISTED} in it, which torch.export.save writes from PyTorch 2.8 on")
        try:
            weights = _Listed.model_validate(json.loads(_bytes(archive, listed))).config
        except ValidationError as error:
            raise ValueError(f"{_LISTED}: {first_line(error)}") from None
        return {name: _tensor(archive, listed, name, weight) for name, weight in weights.items()}


def _tensor(archive: zipfile.ZipFile, listed: str, name: str, weight: _Weight) -> torch.Tensor:
    meta = weight.tensor_meta
    if weight.use_pickle or meta is None:
        raise ValueError(f"{name} is kept as a pickle, which could run code; it was not opened")
    if meta.dtype not in _TYPES:
        raise ValueError(f"{name}: elements of type {meta.dtype}; should be plain numbers")
    content = _bytes(archive, str(PurePosixPath(listed).with_name(weight.path_name)))
    sizes, strides = ([size.as_int for size in part] for part in (meta.sizes, meta.strides))
    flat = torch.frombuffer(bytearray(content), dtype=_TYPES[meta.dtype])
    # Sizes beyond the bytes that are there are refused here.
    return flat.as_strided(sizes, strides, meta.storage_offset.as_int).clone()


def _bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of an archive, which must not be packed: then it is no larger than the archive."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is packed, which torch.export.save does not do")
    return archive.read(name)


_READERS: Mapping[str, Callable[[Path], object]] = {
    ".npz": load_state,
    ".pt2": _of_export,
    ".safetensors": lambda path: load_file(path),
}

SUFFIXES = (".pt", ".pth", ".ckpt", *_READERS)
"""Of files that are taken for checkpoints."""
