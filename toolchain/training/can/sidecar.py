"""Labels for logs that have none: ``<log>.attacks.csv`` beside the log.

One attack interval a line, ``start,end,attack,identifier``: seconds since the log's first frame
(`end` excluded), a class name, and the attacked identifier in hexadecimal or nothing for all frames
in the interval. A header line with these names is required.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.errors import DataError
from toolchain.training.can.attacks import CLASSES, NORMAL, class_index
from toolchain.training.can.frames import Bytes
from toolchain.training.can.readers.records import Records

SUFFIX = ".attacks.csv"

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
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        rows = list(csv.reader(stream))
    if not rows or [cell.strip() for cell in rows[0]] != _HEADER:
        raise DataError(f"{path}:1: expected the header {','.join(_HEADER)}")
    return [_interval(path, line, row) for line, row in enumerate(rows[1:], 2) if row]


def _interval(path: Path, line: int, row: list[str]) -> Interval:
    try:
        start, end, attack, identifier = (cell.strip() for cell in row)
        number = int(identifier, 16) if identifier else None
        interval = Interval(float(start), float(end), class_index(attack), number)
    except ValueError as error:
        names = ", ".join(CLASSES)
        raise DataError(f"{path}:{line}: expected {','.join(_HEADER)} with an attack of {names}: {error}") from error
    if not interval.start < interval.end:
        raise DataError(f"{path}:{line}: the interval ends at {end} before it starts at {start}")
    return interval


def apply(intervals: list[Interval], records: Records) -> Bytes:
    """Labels of a log's frames, uint8 (n,); the last interval that holds a frame decides."""
    label = np.full(len(records), NORMAL, np.uint8)
    time = records.time - records.time[0]
    for interval in intervals:
        inside = (time >= interval.start) & (time < interval.end)
        if interval.identifier is not None:
            inside &= records.identifier == interval.identifier
        label[inside] = interval.label
    return label
