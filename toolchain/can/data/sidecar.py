"""Labels for logs that have none: ``<log>.attacks.csv`` beside the log.

One attack interval a line, ``start,end,attack,identifier``: seconds since the log's first frame
(`end` excluded), a class name, and the attacked identifier in hexadecimal or nothing for all frames
in the interval. A header line with these names is required.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.can.data.attacks import CLASSES, NORMAL, class_index
from toolchain.can.data.frames import Bytes
from toolchain.can.data.readers.limits import MOST_SIDECAR_BYTES
from toolchain.can.data.readers.records import Records
from toolchain.errors import DataError

SUFFIX = ".attacks.csv"

# Each is held against every frame.
MOST_INTERVALS = 10_000

_DIGITS = 6
_SECONDS = re.compile(r"-?\d{1,12}(\.\d{0,12})?([eE][+-]?\d{1,2})?")
_IDENTIFIER = re.compile(r"(0[xX])?[0-9A-Fa-f]{1,8}")

_HEADER = ["start", "end", "attack", "identifier"]


@dataclass(frozen=True)
class Interval:
    """Frames from `start` to before `end` (seconds), of one identifier or of all, are an attack."""

    start: float
    end: float
    label: int
    identifier: int | None


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of a log would lie."""
    return path.with_name(path.name + SUFFIX)


def read_sidecar(path: Path) -> list[Interval]:
    """Attack intervals of a sidecar.

    Raises:
        DataError: the file is malformed; the message names the line.
    """
    try:
        too_large = path.stat().st_size > MOST_SIDECAR_BYTES
        with path.open(newline="", encoding="utf-8-sig", errors="backslashreplace") as stream:
            rows = [] if too_large else list(csv.reader(stream))
    except (OSError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if too_large:
        raise DataError(f"{path}: more than {MOST_SIDECAR_BYTES >> 20} MiB; it should hold a few intervals")
    if not rows or [cell.strip() for cell in rows[0]] != _HEADER:
        raise DataError(f"{path}:1: expected the header {','.join(_HEADER)}")
    if len(rows) > MOST_INTERVALS:
        raise DataError(f"{path}: more than {MOST_INTERVALS:,} intervals; join those that touch")
    return [_interval(path, line, row) for line, row in enumerate(rows[1:], 2) if row]


def _interval(path: Path, line: int, row: list[str]) -> Interval:
    cells = [cell.strip() for cell in row]
    if len(cells) != len(_HEADER):
        raise DataError(f"{path}:{line}: {len(cells)} columns, expected {','.join(_HEADER)}")
    start, end, attack, identifier = cells
    if attack not in CLASSES:
        raise DataError(f"{path}:{line}: attack '{attack[:32]}' is none of {', '.join(CLASSES)}")
    if not (_SECONDS.fullmatch(start) and _SECONDS.fullmatch(end)):
        raise DataError(f"{path}:{line}: '{start[:32]}' and '{end[:32]}' should be seconds")
    if identifier and not _IDENTIFIER.fullmatch(identifier):
        raise DataError(f"{path}:{line}: identifier '{identifier[:32]}' is not hexadecimal")
    number = int(identifier, 16) if identifier else None
    interval = Interval(float(start), float(end), class_index(attack), number)
    if not interval.start < interval.end:
        raise DataError(f"{path}:{line}: the interval ends at {end} before it starts at {start}")
    return interval


def apply(intervals: list[Interval], records: Records) -> Bytes:
    """Labels of a log's frames, uint8 (n,); the last interval that holds a frame decides."""
    label = np.full(len(records), NORMAL, np.uint8)
    # The difference of two times that count from 1970 is exact to some tenths of a microsecond.
    time = np.round(records.time - records.time[0], _DIGITS)
    for interval in intervals:
        inside = (time >= interval.start) & (time < interval.end)
        if interval.identifier is not None:
            inside &= records.identifier == interval.identifier
        label[inside] = interval.label
    return label
