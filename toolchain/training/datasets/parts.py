"""Which rows are for training, validation and test, as the recipe says."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.datasets.rows import Rows, in_order
from toolchain.training.datasets.settings import DataSettings, SplitSettings
from toolchain.training.splits import PARTS

Parts = NDArray[np.uint8]

TRAIN, VALIDATION, TEST = range(3)
NOWHERE = 255


def in_time(rows: Rows, split: SplitSettings) -> Rows:
    """The rows in the order of their times, where the recipe names what tells them; they keep no key then.

    Raises:
        DataError: a time is no number.
    """
    if split.by != "time" or rows.key is None:
        return rows
    try:
        order = np.argsort(rows.key.astype(np.float64), kind="stable")
    except ValueError:
        odd = next(key for key in rows.key.tolist() if not _is_number(key))
        raise DataError(f"data.split.key: {split.key}: {odd!r} is no time; name a column of numbers") from None
    return dataclasses.replace(rows, x=rows.x[order], labels=rows.labels[order], key=None)


def parts_of(rows: Rows, y: NDArray[np.uint8], settings: DataSettings) -> Parts:
    """Part of each row: an index into `PARTS`, or 255 for a window that lies over a border.

    Raises:
        DataError: a part would stay empty, or the data name a part that is none.
    """
    split, rng = settings.split, np.random.default_rng(settings.seed)
    parts = {"random": _random, "group": _by_group, "time": _by_time, "given": _given}[split.by](rows, y, split, rng)
    for part, name in enumerate(PARTS):
        if not np.any(parts == part):
            raise DataError(
                f"data.split: no row is left for {name}; {len(rows):,} rows by {split.by}{_groups(rows, split)}"
            )
    return parts


def _groups(rows: Rows, split: SplitSettings) -> str:
    if split.by != "group" or rows.key is None:
        return ""
    return f" {split.key!r}, which has {len(np.unique(rows.key))} values: should be 3 at least"


def _random(rows: Rows, y: NDArray[np.uint8], split: SplitSettings, rng: np.random.Generator) -> Parts:
    """Dealt by the seed, class by class."""
    parts = np.zeros(len(y), np.uint8)
    for label in np.unique(y):
        _deal(parts, rng.permutation(np.flatnonzero(y == label)), split)
    return parts


def _deal(parts: Parts, order: NDArray[np.int64], split: SplitSettings) -> None:
    """Give the first rows of an order to the test and the next to validation; each gets one where there are three."""
    few = 1 if len(order) > 2 else 0
    test, validation = (max(few, round(share * len(order))) for share in (split.test, split.validation))
    parts[order[:test]] = TEST
    parts[order[test : test + validation]] = VALIDATION


def _by_group(rows: Rows, y: NDArray[np.uint8], split: SplitSettings, rng: np.random.Generator) -> Parts:
    """Groups in an order drawn by the seed: until the test is full, until validation is, and the rest."""
    assert rows.key is not None
    names = in_order(rows.key)
    sizes = {name: int(np.sum(rows.key == name)) for name in names}
    parts = np.zeros(len(y), np.uint8)
    order = [names[index] for index in rng.permutation(len(names))]
    for part, share in ((TEST, split.test), (VALIDATION, split.validation)):
        filled = 0
        while order and filled < share * len(y):
            name = order.pop()
            parts[rows.key == name] = part
            filled += sizes[name]
    return parts


def _by_time(rows: Rows, y: NDArray[np.uint8], split: SplitSettings, rng: np.random.Generator) -> Parts:
    """The last rows for the test, those before for validation; windows over a border are of neither part."""
    count = len(y)
    borders = [count - round((split.test + split.validation) * count), count - round(split.test * count)]
    parts = np.searchsorted(borders, np.arange(count), side="right").astype(np.uint8)
    if rows.starts is not None:
        for border in filter(lambda border: 0 < border < count, borders):
            first = rows.starts[border]
            parts[(rows.starts < first) & (rows.starts + rows.length > first)] = NOWHERE
    return parts


def _given(rows: Rows, y: NDArray[np.uint8], split: SplitSettings, rng: np.random.Generator) -> Parts:
    """As the data say; without rows for validation they are dealt from those for training."""
    if rows.key is None:
        raise DataError("data.split.by: given: the data name no parts; split by another rule")
    odd = sorted(set(rows.key.tolist()) - {*PARTS})
    if odd:
        raise DataError(f"data.split.key: {odd[0]!r} is no part: should be one of {', '.join(PARTS)}")
    parts = np.array([PARTS.index(name) for name in rows.key.tolist()], np.uint8)
    if not np.any(parts == VALIDATION):
        for label in np.unique(y):
            training = rng.permutation(np.flatnonzero((parts == TRAIN) & (y == label)))
            parts[training[: round(split.validation * len(training))]] = VALIDATION
    return parts


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
