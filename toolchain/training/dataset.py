"""The data set that a network is trained and verified on, and its file `dataset.npz`.

Equal data sets give equal bytes: members are stored uncompressed, in a fixed order, with a fixed
date.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.files import unwritten

Bytes = NDArray[np.uint8]

KINDS = ("synthetic", "captures")
INPUT_BITS = {"BINARY": 1, "UINT8": 8}
"""Bits of an input by its qonnx DataType; others are not taken."""

_FORMAT = 1
_DATE = (1980, 1, 1, 0, 0, 0)
_ARRAYS = ("packed", "y", "identifier", "capture")


@dataclass(frozen=True)
class Dataset:
    """m windows with their labels, and which part of each split they belong to.

    Attributes:
        packed: inputs, uint8; BINARY inputs as (m, ceil(inputs / 8)) bits, element 0 lowest in byte
            0; UINT8 inputs as (m, inputs).
        y: index into `classes`, uint8 (m,).
        identifier: of the window's newest frame, uint32 (m,).
        capture: index into `captures`, uint16 (m,).
        splits: by name of the split, the part of each window: index into `parts`, or 255: in none.
        classes: names of the classes, normal first.
        parts: names of the parts of a split.
        input_type: ``"BINARY"`` or ``"UINT8"``, a qonnx DataType.
        inputs: elements of one window.
        encoding, window, seed: how the windows were made.
        kind: ``"synthetic"`` or ``"captures"``.
        captures: provenance of each capture: name, sha256, format, frames, attacks.
        notices: what a person should know about the data.
    """

    packed: Bytes
    y: Bytes
    identifier: NDArray[np.uint32]
    capture: NDArray[np.uint16]
    splits: Mapping[str, Bytes]
    classes: tuple[str, ...]
    parts: tuple[str, ...]
    input_type: str
    inputs: int
    encoding: str
    window: int
    seed: int
    kind: str
    captures: tuple[Mapping[str, Any], ...]
    notices: tuple[str, ...]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.y)

    def rows(self, split: str, part: str) -> NDArray[np.int64]:
        """Numbers of the windows of a part ("train", "validation", "test") of a split."""
        if split not in self.splits or part not in self.parts:
            raise DataError(f"no part '{part}' of a split '{split}' in this data set")
        return np.flatnonzero(self.splits[split] == self.parts.index(part))

    def inputs_of(self, rows: NDArray[np.int64]) -> Bytes:
        """Network inputs of some windows, uint8 (len(rows), inputs)."""
        return unpack(self.packed[rows], self.input_type, self.inputs)

    def part(self, split: str, part: str) -> tuple[Bytes, Bytes]:
        """Inputs, uint8 (n, inputs), and labels, uint8 (n,), of a part of a split."""
        rows = self.rows(split, part)
        return self.inputs_of(rows), self.y[rows]

    def training_subset(self, limit: int, seed: int, split: str = "blocked") -> tuple[Bytes, Bytes]:
        """Training inputs and labels with at most `limit` normal windows, drawn by seed.

        Every attack window stays, so that rare attacks keep their weight and memory stays bounded.
        """
        rows = self.rows(split, "train")
        normal = rows[self.y[rows] == 0]
        if len(normal) > limit:
            drawn = np.random.default_rng(seed).choice(normal, limit, replace=False)
            rows = np.sort(np.concatenate([drawn, rows[self.y[rows] != 0]]))
        return self.inputs_of(rows), self.y[rows]

    def counts(self, split: str) -> dict[str, dict[str, int]]:
        """Windows by part and class of a split."""
        return {
            part: dict(
                zip(
                    self.classes,
                    np.bincount(self.y[self.rows(split, part)], minlength=len(self.classes)).tolist(),
                    strict=True,
                )
            )
            for part in self.parts
        }


def pack(x: Bytes, input_type: str) -> Bytes:
    """Inputs as `Dataset.packed` holds them."""
    return np.packbits(x, axis=1, bitorder="little") if input_type == "BINARY" else x


def unpack(packed: Bytes, input_type: str, inputs: int) -> Bytes:
    """Undo `pack`."""
    if input_type != "BINARY":
        return packed
    return np.unpackbits(packed, axis=1, count=inputs, bitorder="little")


def save(path: Path, dataset: Dataset) -> None:
    """Write `dataset.npz`; a kill or a full disk leaves the old file or the new one.

    Raises:
        BuildError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, dataset)
            Path(name).chmod(0o644)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def _write(stream: BinaryIO, dataset: Dataset) -> None:
    arrays = {name: getattr(dataset, name) for name in _ARRAYS}
    arrays |= {f"split_{name}": part for name, part in sorted(dataset.splits.items())}
    arrays["meta"] = np.frombuffer(json.dumps(_meta(dataset), sort_keys=True).encode(), np.uint8)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", _DATE)
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0))


def _meta(dataset: Dataset) -> dict[str, Any]:
    skipped = {*_ARRAYS, "splits"}
    fields = (name for name in Dataset.__dataclass_fields__ if name not in skipped)
    return {"format": _FORMAT, **{name: getattr(dataset, name) for name in fields}}


def load(path: Path) -> Dataset:
    """Read `dataset.npz`.

    Raises:
        DataError: the file is missing, damaged, or not a data set.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(arrays.pop("meta").tobytes())
        if meta.pop("format") != _FORMAT:
            raise ValueError("of another version")
        columns = {name: arrays.pop(name) for name in _ARRAYS}
        splits = {name.removeprefix("split_"): part for name, part in arrays.items()}
        lists = {name: tuple(value) for name, value in meta.items() if isinstance(value, list)}
        return Dataset(**columns, splits=splits, **{**meta, **lists})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a data set ({error}); run the build again") from error
