"""Windows over rows that are steps of time."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.datasets.rows import Rows
from toolchain.training.datasets.settings import WindowSettings


def cut_windows(rows: Rows, windows: WindowSettings) -> Rows:
    """Windows (n, 1, length, columns), each within one run of steps that have the same label and the same key.

    Steps at the end of a run that fill no window are counted.

    Raises:
        DataError: the rows are no steps of several columns, or no run is as long as a window.
    """
    if rows.x.ndim != 2:
        raise DataError(f"data.windows: rows of shape {rows.x.shape[1:]} are no steps of time; leave windows out")
    starts = np.concatenate([_starts(*run, windows) for run in _runs(rows)])
    if not len(starts):
        raise DataError(f"data.windows.length: {windows.length}: no class lasts so many steps; take a shorter window")
    steps = starts[:, None] + np.arange(windows.length)
    unused = len(rows) - len(np.unique(steps))
    return dataclasses.replace(
        rows,
        x=rows.x[steps][:, None],
        labels=rows.labels[starts],
        key=None if rows.key is None else rows.key[starts],
        axis=3,
        counted={**rows.counted, "steps that fill no window left out": unused},
        starts=starts,
        length=windows.length,
    )


def _runs(rows: Rows) -> list[tuple[int, int]]:
    """First step and end of each run."""
    changes = rows.labels[1:] != rows.labels[:-1]
    if rows.key is not None:
        changes = changes | (rows.key[1:] != rows.key[:-1])
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(rows)]
    return list(pairwise(bounds))


def _starts(first: int, end: int, windows: WindowSettings) -> NDArray[np.int64]:
    return np.arange(first, end - windows.length + 1, windows.step, dtype=np.int64)
