"""CSV with a header: columns of numbers, one of classes, and one that may tell groups, times or parts."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from toolchain.errors import DataError
from toolchain.files import sha256
from toolchain.training.datasets.rows import Rows
from toolchain.training.datasets.settings import DataSettings
from toolchain.yaml_file import near_matches

_DELIMITERS = ",;\t"
_MISSING = {"", "na", "nan", "n/a", "null", "none", "?"}
_BLANK, _INCOMPLETE = "blank lines left out", "lines with a missing value left out"


def read_csv(path: Path, settings: DataSettings) -> Rows:
    """The rows of a table; packed by gzip or not; separated by commas, semicolons or tabs.

    Raises:
        DataError: it cannot be read, a column is missing, or a line has another number of cells or a cell that is no
            number; names file, line, column and value.
    """
    with _opened(path) as stream:
        return _read(path, stream, settings)


def header_of(path: Path) -> list[str]:
    """Names of the columns.

    Raises:
        DataError: it cannot be read, or has none.
    """
    with _opened(path) as stream:
        names, _ = _header(stream)
    if not any(names):
        raise DataError(f"{path}: line 1: names no column; put a header there")
    return names


def numeric_columns(path: Path, lines: int) -> list[str]:
    """Names of the columns that hold numbers, or nothing, in half of the first lines or more.

    A word among numbers is a mistake, which reading the table names by its line; a column of words is none.

    Raises:
        DataError: it cannot be read.
    """
    with _opened(path) as stream:
        names, delimiter = _header(stream)
        first = [cells for cells in islice(csv.reader(stream, delimiter=delimiter), lines) if len(cells) == len(names)]
    counts = [sum(_is_number(cells[index]) for cells in first) for index in range(len(names))]
    return [name for name, count in zip(names, counts, strict=True) if 2 * count >= len(first)]


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The text of a file; what hinders reading it is said in one line."""
    try:
        with _text(path) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start}: is not UTF-8; save the table as UTF-8") from error


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


@dataclass
class _Columns:
    """What of a line is what."""

    inputs: list[int]
    label: int
    key: int | None
    names: list[str]


@dataclass
class _Table:
    """What has been read so far."""

    values: array[float] = field(default_factory=lambda: array("d"))
    labels: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=lambda: {_BLANK: 0, _INCOMPLETE: 0})


def _read(path: Path, stream: TextIO, settings: DataSettings) -> Rows:
    names, delimiter = _header(stream)
    columns = _columns(path, names, settings)
    table = _Table()
    for number, cells in _lines(path, csv.reader(stream, delimiter=delimiter)):
        if not any(cell.strip() for cell in cells):
            table.counted[_BLANK] += 1
        elif len(cells) != len(names):
            raise DataError(f"{path}: line {number}: {len(cells)} cells where the header has {len(names)}; mend it")
        else:
            _take(f"{path}: line {number}", cells, columns, settings, table)
    return _rows(path, columns, table)


def _header(stream: TextIO) -> tuple[list[str], str]:
    """Names of the columns, and what separates them."""
    head = stream.readline()
    delimiter = max(_DELIMITERS, key=head.count)
    return [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])], delimiter


def _lines(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The lines with their numbers; a quoted cell may go on over several, and the last counts."""
    try:
        for cells in reader:
            yield getattr(reader, "line_num", 0) + 1, cells
    except csv.Error as error:
        raise DataError(f"{path}: line {getattr(reader, 'line_num', 0) + 1}: {error}; mend the line") from error


def _columns(path: Path, names: list[str], settings: DataSettings) -> _Columns:
    if len(set(names)) < len(names) or not all(names):
        twice = next((name for name in names if names.count(name) > 1), "")
        raise DataError(f"{path}: line 1: {names.count(twice)} columns {twice!r}: every column needs a name of its own")
    if settings.label is None:
        raise DataError(f"{path}: data.label: missing; name the column of the class: one of {_some(names)}")
    label, key = _index(path, names, settings.label), settings.split.key
    own = {label} | ({_index(path, names, key)} if key else set())
    inputs = [_index(path, names, name) for name in settings.columns]
    inputs = inputs or [index for index in range(len(names)) if index not in own]
    if label in inputs:
        raise DataError(f"{path}: data.columns: {settings.label!r} is the label, and cannot be an input, too")
    if not inputs:
        raise DataError(f"{path}: no column is left for the inputs; the header has {_some(names)}")
    return _Columns(inputs, label, _index(path, names, key) if key else None, names)


def _index(path: Path, names: list[str], name: str) -> int:
    if name not in names:
        raise DataError(f"{path}: no column {name!r}{near_matches(name, names)} (the header has {_some(names)})")
    return names.index(name)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _take(where: str, cells: list[str], columns: _Columns, settings: DataSettings, table: _Table) -> None:
    """Add a line to the table, or count it."""
    label = cells[columns.label].strip()
    used = [cells[index] for index in columns.inputs]
    if not label or any(cell.strip().lower() in _MISSING for cell in used):
        if settings.missing == "refuse":
            raise DataError(f"{where}: column {_empty(cells, columns)}: a value is missing; or say missing: skip")
        table.counted[_INCOMPLETE] += 1
        return
    try:
        values = [float(cell) for cell in used]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)):
        raise DataError(f"{where}: column {_odd(cells, columns)}: should be a number; or leave the column out")
    table.values.extend(values)
    table.labels.append(label)
    if columns.key is not None:
        table.keys.append(cells[columns.key].strip())


def _is_number(cell: str) -> bool:
    if cell.strip().lower() in _MISSING:
        return True
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _empty(cells: list[str], columns: _Columns) -> str:
    chosen = [index for index in columns.inputs if cells[index].strip().lower() in _MISSING]
    return columns.names[(chosen or [columns.label])[0]]


def _odd(cells: list[str], columns: _Columns) -> str:
    """The first cell that is no number, with its column."""
    index = next(index for index in columns.inputs if not _is_number(cells[index]))
    return f"{columns.names[index]}: {cells[index][:40]!r}"


def _rows(path: Path, columns: _Columns, table: _Table) -> Rows:
    if not table.labels:
        raise DataError(f"{path}: no line with values below the header")
    x = np.frombuffer(table.values, np.float64).reshape(len(table.labels), len(columns.inputs))
    # Columns of whole numbers may fit the network as they are.
    whole = x.astype(np.int64) if bool((np.abs(x) < 2**53).all() and (x == np.floor(x)).all()) else x
    return Rows(
        whole,
        np.array(table.labels),
        key=np.array(table.keys) if columns.key is not None else None,
        axis=1,
        names=tuple(columns.names[index] for index in columns.inputs),
        counted=table.counted,
        files={path.name: sha256(path)},
    )
