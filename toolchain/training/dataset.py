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
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from toolchain.errors import BuildError, DataError
from toolchain.files import unwritten
from toolchain.results.model import RecordFile, parse
from toolchain.training.inputs import INPUT_TYPES, Signature, Values, pack, unpack
from toolchain.training.splits import PARTS

Bytes = NDArray[np.uint8]

SYNTHETIC = "synthetic"
"""The kind of data that a model made itself."""

RESERVED = (
    "classes",
    "form",
    "format",
    "input_type",
    "inputs",
    "kind",
    "notices",
    "parts",
    "provenance",
    "shape",
    "windows",
)
"""Keys that provenance cannot have: the file and the record hold them already."""

_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Dataset:
    """m rows with their labels, and which part of each split they belong to.

    Attributes:
        packed: inputs, uint8, as `toolchain.training.inputs.pack` makes them.
        y: index into `classes`, uint8 (m,).
        splits: by name of the split, the part of each row: index into `parts`, or 255: in none.
        classes: names of the classes.
        input_type: a qonnx DataType, one of `INPUT_TYPES`.
        shape: of one input.
        kind: ``"synthetic"``, or a word in the plural for what was recorded: ``"captures"``, ``"images"``.
        parts: names of the parts of a split.
        notices: what a person should know about the data.
        columns: what else the model knows of each row, (m,) by name; only its own baselines read it.
        provenance: how the rows were made and of what, as plain JSON; it goes into the record and the manifest.
    """

    packed: Bytes
    y: Bytes
    splits: Mapping[str, Bytes]
    classes: tuple[str, ...]
    input_type: str
    shape: tuple[int, ...]
    kind: str
    parts: tuple[str, ...] = PARTS
    notices: tuple[str, ...] = ()
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def inputs(self) -> int:
        """Elements of one input."""
        return prod(self.shape)

    @property
    def signature(self) -> Signature:
        """What a network for these data takes and gives."""
        return Signature(self.shape, self.input_type, len(self.classes))

    def rows(self, split: str, part: str) -> NDArray[np.int64]:
        """Numbers of the rows of a part ("train", "validation", "test") of a split."""
        if split not in self.splits or part not in self.parts:
            raise DataError(f"no part '{part}' of a split '{split}' in this data set")
        return np.flatnonzero(self.splits[split] == self.parts.index(part))

    def inputs_of(self, rows: NDArray[np.int64]) -> Values:
        """Network inputs of some rows, (len(rows), *shape)."""
        return unpack(self.packed[rows], self.input_type, self.inputs).reshape(len(rows), *self.shape)

    def part(self, split: str, part: str) -> tuple[Values, Bytes]:
        """Inputs, (n, *shape), and labels, uint8 (n,), of a part of a split."""
        rows = self.rows(split, part)
        return self.inputs_of(rows), self.y[rows]

    def counts(self, split: str) -> dict[str, dict[str, int]]:
        """Rows by part and class of a split."""
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


def dataset_of(x: NDArray[Any], y: NDArray[Any], *, input_type: str, **fields: Any) -> Dataset:
    """A data set of inputs (m, *shape) and labels (m,), both of any integer type.

    Args:
        fields: those of `Dataset` that are left.

    Raises:
        DataError: the inputs are not what the input type holds.
    """
    kind = INPUT_TYPES.get(input_type)
    if kind is None:
        raise DataError(f"input_type: {input_type!r}: should be one of {', '.join(INPUT_TYPES)}")
    if x.dtype.kind not in "biu" or not kind.holds(x):
        span = "-1 or +1" if input_type == "BIPOLAR" else f"{kind.low} to {kind.high}"
        found = f"{x.min()} to {x.max()}" if x.size else "nothing"
        raise DataError(f"inputs: {x.dtype}, {found}: should be whole numbers, {span}, for {input_type}; quantise them")
    packed = pack(x.reshape(len(x), -1), input_type)
    return Dataset(packed, y.astype(np.uint8), input_type=input_type, shape=tuple(x.shape[1:]), **fields)


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
    arrays = {"packed": dataset.packed, "y": dataset.y, **dataset.columns}
    arrays |= {f"split_{name}": part for name, part in sorted(dataset.splits.items())}
    arrays["meta"] = np.frombuffer(json.dumps(_meta(dataset).to_json(), sort_keys=True).encode(), np.uint8)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", _DATE)
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0))


class DatasetMeta(RecordFile):
    """What stands beside the arrays; what the model says of its data, `provenance`, has keys of its own there.

    Attributes:
        inputs: elements of one input; `shape` is said where it has more than one axis.
    """

    model_config = ConfigDict(extra="allow")

    VERSION_KEY: ClassVar[str] = "format"
    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "data set"

    classes: tuple[str, ...]
    input_type: str
    inputs: int
    kind: str
    notices: tuple[str, ...]
    parts: tuple[str, ...]
    shape: tuple[int, ...] = ()


def _meta(dataset: Dataset) -> DatasetMeta:
    names = ("classes", "input_type", "inputs", "kind", "notices", "parts")
    shape = {"shape": dataset.shape} if len(dataset.shape) > 1 else {}
    said = {**dataset.provenance, **{name: getattr(dataset, name) for name in names}, **shape}
    return DatasetMeta.model_validate(said)


def load(path: Path) -> Dataset:
    """Read `dataset.npz`.

    Raises:
        DataError: the file is missing, damaged, or not a data set.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(arrays.pop("meta").tobytes())
        return _read(arrays, parse(meta, DatasetMeta, str(path), "make build"))
    except BuildError as error:
        raise DataError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a data set ({error}); run the build again") from error


def _read(arrays: dict[str, NDArray[Any]], meta: DatasetMeta) -> Dataset:
    """A data set of a file's arrays and meta data; what is left of the arrays is the model's own."""
    splits = {name.removeprefix("split_"): arrays.pop(name) for name in list(arrays) if name.startswith("split_")}
    packed, y = arrays.pop("packed"), arrays.pop("y")
    return Dataset(
        packed,
        y,
        splits,
        meta.classes,
        meta.input_type,
        meta.shape or (meta.inputs,),
        meta.kind,
        meta.parts,
        meta.notices,
        arrays,
        meta.model_extra or {},
    )
