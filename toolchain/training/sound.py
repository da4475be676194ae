"""Whether what a model's code hands over can be used: its data set, and its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain.errors import DataError, ModelError
from toolchain.training.dataset import INPUT_BITS, KINDS, Dataset

_SPLITS = ("blocked", "random")
_PARTS = ("train", "validation", "test")
_NOWHERE = 255
_MOST_CLASSES = 255


def must_be_sound(dataset: object, shown: str) -> Dataset:
    """The data set, if every field is what `Dataset` says.

    Args:
        shown: the model's file, as messages name it.

    Raises:
        DataError: the first field that is not; the message says what it should be.
    """
    if not isinstance(dataset, Dataset):
        raise DataError(f"{shown}: build_dataset() gives {type(dataset).__name__}; should be a Dataset")
    for fault in (*_words(dataset), *_arrays(dataset), *_values(dataset)):
        raise DataError(f"{shown}: Dataset.{fault}")
    return dataset


def _words(dataset: Dataset) -> Iterator[str]:
    if dataset.kind not in KINDS:
        yield f"kind: {dataset.kind!r}: should be {_either(KINDS)}"
    if dataset.input_type not in INPUT_BITS:
        yield f"input_type: {dataset.input_type!r}: should be {_either(INPUT_BITS)}; add an offset to signed inputs"
    for name in ("inputs", "window", "seed"):
        value, least = getattr(dataset, name), 0 if name == "seed" else 1
        if not isinstance(value, int) or value < least:
            yield f"{name}: {value!r}: should be a whole number from {least}"
    for name in ("classes", "parts", "notices"):
        texts = getattr(dataset, name)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) and text.isprintable() for text in texts):
            yield f"{name}: {texts!r}: should be a tuple of printable strings"
    if not 2 <= len(set(dataset.classes)) == len(dataset.classes) <= _MOST_CLASSES:
        yield f"classes: {dataset.classes!r}: should be 2 to {_MOST_CLASSES} different names, normal first"
    if not set(_PARTS) <= set(dataset.parts):
        yield f"parts: {dataset.parts!r}: should hold {', '.join(_PARTS)}"
    missing = [split for split in _SPLITS if split not in dataset.splits]
    if missing:
        yield f"splits: no '{missing[0]}'; should hold {' and '.join(_SPLITS)}"


def _arrays(dataset: Dataset) -> Iterator[str]:
    rows = len(dataset.y) if isinstance(dataset.y, np.ndarray) else 0
    width = -(-dataset.inputs // 8) if dataset.input_type == "BINARY" else dataset.inputs
    wanted: dict[str, tuple[Any, type, tuple[int, ...]]] = {
        "packed": (dataset.packed, np.uint8, (rows, width)),
        "y": (dataset.y, np.uint8, (rows,)),
        "identifier": (dataset.identifier, np.uint32, (rows,)),
        "capture": (dataset.capture, np.uint16, (rows,)),
        **{f"splits[{name!r}]": (part, np.uint8, (rows,)) for name, part in dataset.splits.items()},
    }
    for name, (value, kind, shape) in wanted.items():
        if not isinstance(value, np.ndarray) or value.dtype != kind or value.shape != shape:
            found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
            yield f"{name}: {found}: should be {np.dtype(kind)} {shape}{_mend(name, value)}"


def _mend(name: str, value: Any) -> str:
    if name == "packed" and getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return "; networks here take integers, so quantise the inputs"
    return "; toolchain.training.dataset.pack makes it from the inputs" if name == "packed" else ""


def _values(dataset: Dataset) -> Iterator[str]:
    if not len(dataset):
        yield "y: no windows at all"
        return
    most = int(dataset.y.max())
    if most >= len(dataset.classes):
        yield f"y: holds class {most}: should be 0 to {len(dataset.classes) - 1}, an index into classes"
    if int(dataset.capture.max()) >= max(1, len(dataset.captures)):
        yield f"capture: holds {int(dataset.capture.max())}: should be an index into captures ({len(dataset.captures)})"
    if not all(isinstance(capture, Mapping) for capture in dataset.captures):
        yield "captures: should be a tuple of mappings: name, sha256, format, frames, attacks"
    for name, part in dataset.splits.items():
        if wrong := sorted({int(v) for v in np.unique(part) if v >= len(dataset.parts) and v != _NOWHERE}):
            yield f"splits[{name!r}]: holds {wrong[0]}: should be an index into parts, or {_NOWHERE} for none"
        empty = [one for one in _PARTS if not np.any(part == dataset.parts.index(one))]
        if empty:
            yield f"splits[{name!r}]: no window in '{empty[0]}'"


def must_answer(network: object, inputs: int, classes: int, shown: str) -> nn.Module:
    """The network, if it takes integer inputs and gives one logit a class.

    Raises:
        ModelError: it is no network, refuses its input, or gives something else.
    """
    if not isinstance(network, nn.Module):
        raise ModelError(f"{shown}: gives {type(network).__name__}; should be a torch.nn.Module")
    network.eval()
    try:
        with torch.no_grad():
            answers = network(torch.zeros(2, inputs))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        said = " ".join(str(error).split())[:200]
        raise ModelError(f"{shown}: the network refuses its {inputs} inputs: {said}") from error
    logits = getattr(answers, "value", answers)
    shape = tuple(getattr(logits, "shape", ()))
    if shape != (2, classes):
        raise ModelError(f"{shown}: the network gives {shape} for 2 windows; should be (2, {classes}), a logit a class")
    return network


def _either(names: Any) -> str:
    return " or ".join(f'"{name}"' for name in names)
