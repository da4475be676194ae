"""What a reader makes of a file or folder, before anything is dealt or made an integer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.str_]
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """m rows in the order of the file.

    Attributes:
        x: finite numbers, (m, *shape); images with their channels first.
        labels: as they stand in the file, (m,).
        key: what tells the group, the time or the part of a row, (m,), if the recipe asks for it.
        axis: of x, the one whose places are scaled each for itself; None: all alike.
        names: of the places on that axis.
        counted: how many rows, lines or files were left out or altered, by what was done.
        files: SHA-256 by name; a folder counts as one.
        starts: number of each row's first step, (m,), where rows are windows of `length` steps.
    """

    x: Numbers
    labels: Texts
    key: Texts | None = None
    axis: int | None = None
    names: tuple[str, ...] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    starts: NDArray[np.int64] | None = None
    length: int = 1

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.labels)

    def only(self, kept: NDArray[np.bool_]) -> Rows:
        """The rows that are marked."""
        key = None if self.key is None else self.key[kept]
        starts = None if self.starts is None else self.starts[kept]
        return replace(self, x=self.x[kept], labels=self.labels[kept], key=key, starts=starts)


def as_texts(values: Numbers) -> Texts:
    """Labels or keys as words: whole numbers without a point, whatever they are stored as."""
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    if values.dtype.kind == "f" and values.size and bool(np.isfinite(values).all()):
        whole = values.astype(np.int64)
        values = whole if bool((whole == values).all()) else values
    return values.astype(np.str_)


def in_order(words: Texts) -> list[str]:
    """The different words: by value where all are numbers, else by the alphabet."""
    different = sorted(set(words.tolist()))
    try:
        return sorted(different, key=float)
    except ValueError:
        return different
