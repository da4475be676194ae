"""From a file or folder and the section `data` of a recipe to a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.files import why_absent
from toolchain.training.dataset import Dataset, dataset_of
from toolchain.training.datasets.idx import read_idx_folder
from toolchain.training.datasets.image_folders import read_images
from toolchain.training.datasets.npz import read_npz
from toolchain.training.datasets.parts import NOWHERE, TRAIN, in_time, parts_of
from toolchain.training.datasets.rows import Rows, in_order
from toolchain.training.datasets.scaling import Scaled, scaled
from toolchain.training.datasets.settings import DataSettings, Format
from toolchain.training.datasets.sounds import read_sounds
from toolchain.training.datasets.table import read_csv
from toolchain.training.datasets.windows import cut_windows
from toolchain.training.splits import PARTS, stratified_split

READERS: Mapping[Format, Callable[[Path, DataSettings], Rows]] = {
    "npz": read_npz,
    "csv": read_csv,
    "idx": read_idx_folder,
    "images": read_images,
    "wav": read_sounds,
}

_KINDS: Mapping[Format, str] = {
    "npz": "records",
    "csv": "records",
    "idx": "images",
    "images": "images",
    "wav": "recordings",
}
_MOST_CLASSES = 255
_SHOWN = 12


def build_dataset(path: Path, settings: DataSettings) -> Dataset:
    """Rows, classes and splits of a file or folder.

    The split that the recipe asks for is the data set's `blocked`.

    Raises:
        DataError: the data cannot be used; names the file, and the line, entry or value.
    """
    if not path.exists():
        raise DataError(f"data.path: {path}: {why_absent(path, 'file or folder')}; mend it, or give DATA=<path>")
    rows = in_time(READERS[settings.format](path, settings), settings.split)
    rows, classes, y = _with_classes(path, cut_windows(rows, settings.windows) if settings.windows else rows, settings)
    parts = parts_of(rows, y, settings)
    made = scaled(rows, parts == TRAIN, settings)
    return dataset_of(
        made.x,
        y,
        input_type=made.input_type,
        classes=classes,
        kind="windows" if settings.windows else _KINDS[settings.format],
        splits={"blocked": parts, "random": stratified_split(y, settings.seed)},
        notices=tuple(f"{count:,} {what}" for what, count in _counted(rows, parts).items() if count),
        provenance=_provenance(rows, made, settings),
    )


def describe(dataset: Dataset, rows_word: str) -> str:
    """What the rows are, how they are split, and what was left out."""
    shape = " x ".join(map(str, dataset.shape))
    some = ", ".join(dataset.classes[:_SHOWN])
    more = f" and {len(dataset.classes) - _SHOWN} more" if len(dataset.classes) > _SHOWN else ""
    counts = ", ".join(f"{len(dataset.rows('blocked', part)):,} {part}" for part in PARTS)
    left = "".join(f"; {notice}" for notice in dataset.notices)
    split = f"{dataset.provenance['split']}: {counts}"
    return f"{rows_word} of {shape} {dataset.input_type}, classes: {some}{more}; {split}{left}"


def _with_classes(path: Path, rows: Rows, settings: DataSettings) -> tuple[Rows, tuple[str, ...], NDArray[np.uint8]]:
    """The rows of the classes that count, names of the classes, and the class of each row."""
    names = settings.classes or {label: label for label in in_order(rows.labels)}
    absent = [label for label in names if not np.any(rows.labels == label)]
    if absent:
        there = ", ".join(in_order(rows.labels)[:_SHOWN])
        raise DataError(f"{path}: data.classes: no row has the label {absent[0]!r}; there are {there}")
    classes = tuple(dict.fromkeys(names.values()))
    if not 2 <= len(classes) <= _MOST_CLASSES:
        raise DataError(
            f"{path}: {len(classes)} classes, such as {classes[0]!r}: should be 2 to {_MOST_CLASSES}; name another"
        )
    kept = np.isin(rows.labels, list(names))
    counted = {**rows.counted, "rows of other classes left out": int((~kept).sum())}
    rows = dataclasses.replace(rows, counted=counted).only(kept)
    index = {label: classes.index(name) for label, name in names.items()}
    return rows, classes, np.array([index[label] for label in rows.labels.tolist()], np.uint8)


def _split_words(settings: DataSettings) -> str:
    """What the split is called in reports."""
    split = settings.split
    named = f" {split.key!r}" if split.key and split.by == "group" else ""
    return {"random": "random split", "given": "the data's own split"}.get(split.by, f"split by {split.by}{named}")


def _counted(rows: Rows, parts: NDArray[np.uint8]) -> dict[str, int]:
    return {**rows.counted, "windows over a border of two parts left out": int(np.sum(parts == NOWHERE))}


def _provenance(rows: Rows, made: Scaled, settings: DataSettings) -> dict[str, object]:
    scaling = {"scaling": dataclasses.asdict(made.scaling)} if made.scaling else {}
    columns = {"columns": list(rows.names)} if rows.names else {}
    return {"split": _split_words(settings), "files": dict(rows.files), **columns, **scaling}
