"""Whether the data set that a model's code hands over can be used. Without PyTorch, which takes seconds to load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from toolchain.errors import DataError
from toolchain.training.dataset import RESERVED, SYNTHETIC, Dataset
from toolchain.training.inputs import INPUT_TYPES, unpack
from toolchain.training.splits import PARTS

_SPLITS = ("blocked", "random")
_NOWHERE = 255
_MOST_CLASSES = 255
_MADE_BY = "toolchain.training.dataset.dataset_of makes it from the inputs"


def must_be_sound(dataset: object, shown: str) -> Dataset:
    """The data set, if every field is what `Dataset` says.

    Args:
        shown: the model's file, as messages name it.

    Raises:
        DataError: the first field that is not; the message says what it should be.
    """
    if not isinstance(dataset, Dataset):
        raise DataError(f"{shown}: build_dataset() gives {type(dataset).__name__}; should be a Dataset")
    for fault in _faults(dataset):
        raise DataError(f"{shown}: Dataset.{fault}")
    return dataset


def _faults(dataset: Dataset) -> Iterator[str]:
    """What is wrong; each looks at what those before found sound."""
    for look in (_words, _arrays, _values, _own):
        faults = list(look(dataset))
        yield from faults
        if faults:
            return


def _words(dataset: Dataset) -> Iterator[str]:
    if not isinstance(dataset.kind, str) or not dataset.kind.isidentifier():
        yield f'kind: {dataset.kind!r}: should be "{SYNTHETIC}", or one word for what was recorded, such as "images"'
    if dataset.input_type not in INPUT_TYPES:
        yield f"input_type: {dataset.input_type!r}: should be one of {', '.join(INPUT_TYPES)}"
    if not _is_shape(dataset.shape):
        yield f"shape: {dataset.shape!r}: should be a tuple of whole numbers from 1"
    for name in ("classes", "parts", "notices"):
        texts = getattr(dataset, name)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) and text.isprintable() for text in texts):
            yield f"{name}: {texts!r}: should be a tuple of printable strings"
    if not 2 <= len(set(dataset.classes)) == len(dataset.classes) <= _MOST_CLASSES:
        yield f"classes: {dataset.classes!r}: should be 2 to {_MOST_CLASSES} different names"
    if not set(PARTS) <= set(dataset.parts):
        yield f"parts: {dataset.parts!r}: should hold {', '.join(PARTS)}"
    missing = [split for split in _SPLITS if split not in dataset.splits]
    if missing:
        yield f"splits: no '{missing[0]}'; should hold {' and '.join(_SPLITS)}"


def _arrays(dataset: Dataset) -> Iterator[str]:
    rows = len(dataset.y) if isinstance(dataset.y, np.ndarray) else 0
    width = -(-dataset.inputs // 8) if INPUT_TYPES[dataset.input_type].bits == 1 else dataset.inputs
    wanted: dict[str, tuple[Any, type, tuple[int, ...]]] = {
        "packed": (dataset.packed, np.uint8, (rows, width)),
        "y": (dataset.y, np.uint8, (rows,)),
        **{f"splits[{name!r}]": (part, np.uint8, (rows,)) for name, part in dataset.splits.items()},
    }
    for name, (value, kind, shape) in wanted.items():
        if not isinstance(value, np.ndarray) or value.dtype != kind or value.shape != shape:
            found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
            yield f"{name}: {found}: should be {np.dtype(kind)} {shape}{_mend(name, value)}"


def _mend(name: str, value: Any) -> str:
    if name == "packed" and getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return "; networks here take integers, so quantise the inputs"
    return f"; {_MADE_BY}" if name == "packed" else ""


def _values(dataset: Dataset) -> Iterator[str]:
    if not len(dataset):
        yield "y: no rows at all"
        return
    most = int(dataset.y.max())
    if most >= len(dataset.classes):
        yield f"y: holds class {most}: should be 0 to {len(dataset.classes) - 1}, an index into classes"
    if not INPUT_TYPES[dataset.input_type].holds(unpack(dataset.packed, dataset.input_type, dataset.inputs)):
        yield f"packed: holds values that are not of {dataset.input_type}; {_MADE_BY}"
    for name, part in dataset.splits.items():
        if wrong := sorted({int(v) for v in np.unique(part) if v >= len(dataset.parts) and v != _NOWHERE}):
            yield f"splits[{name!r}]: holds {wrong[0]}: should be an index into parts, or {_NOWHERE} for none"
        empty = [one for one in PARTS if not np.any(part == dataset.parts.index(one))]
        if empty:
            yield f"splits[{name!r}]: no row in '{empty[0]}'"
    yield from _one_class(dataset)


def _one_class(dataset: Dataset) -> Iterator[str]:
    """Whether there is nothing to tell apart in a part that a network is trained or tested on."""
    for part in ("train", "test"):
        if len(np.unique(dataset.y[dataset.rows("blocked", part)])) < 2:
            yield f"splits['blocked']: the {part} part holds one class only"


def _own(dataset: Dataset) -> Iterator[str]:
    """The model's own columns and provenance."""
    for name, column in dataset.columns.items():
        if not name.isidentifier() or name in {"packed", "y", "meta"} or name.startswith("split_"):
            yield f"columns: {name!r}: should be a name, and none that the file has already"
        if not isinstance(column, np.ndarray) or column.dtype.kind not in "biuf" or column.shape != dataset.y.shape:
            yield f"columns[{name!r}]: should be an array of numbers {dataset.y.shape}"
    for key in RESERVED:
        if key in dataset.provenance:
            yield f"provenance: {key!r}: the record holds this key already; choose another"
    try:
        json.dumps(dict(dataset.provenance), allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"provenance: should be plain JSON: {error}"


def _is_shape(shape: object) -> bool:
    return isinstance(shape, tuple) and bool(shape) and all(type(size) is int and size > 0 for size in shape)
