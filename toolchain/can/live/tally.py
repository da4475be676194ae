"""Counts of a run: frames, classes, and how often the network was right where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.attacks import CLASSES, NORMAL
from toolchain.can.data.frames import Bytes
from toolchain.results.detection import DetectedClass, DetectionAccuracy, DetectionCounts


class Tally:
    """Counts up.

    Args:
        classes: names of the network's classes, normal first.

    Attributes:
        frames: taken from the source.
        judged: that ended a full window.
        lost: that never reached the network.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.frames = self.judged = self.lost = 0
        self._classes = tuple(classes)
        self._predicted = np.zeros(len(classes), np.int64)
        # True class, among all there are, by predicted class.
        self._matrix = np.zeros((len(CLASSES), len(classes)), np.int64)

    def add(self, predicted: NDArray[np.int64], truth: Bytes | None) -> None:
        """Classes of some frames, (n,): the network's, and indices into `CLASSES` where they are known."""
        columns = len(self._classes)
        self.judged += len(predicted)
        self._predicted += np.bincount(predicted, minlength=columns)
        if truth is not None:
            pairs = truth.astype(np.int64) * columns + predicted
            self._matrix += np.bincount(pairs, minlength=self._matrix.size).reshape(self._matrix.shape)

    @property
    def counts(self) -> DetectionCounts:
        """All counts."""
        predicted = dict(zip(self._classes, self._predicted.tolist(), strict=True))
        return DetectionCounts(
            frames=self.frames, judged=self.judged, lost=self.lost, predicted=predicted, accuracy=self.accuracy()
        )

    def accuracy(self) -> DetectionAccuracy | None:
        """Shares of the frames whose truth is known; None where none is."""
        known = int(self._matrix.sum())
        if not known:
            return None
        right = [self._right(truth) for truth in range(len(CLASSES))]
        attacks, normal = self._matrix[NORMAL + 1 :], self._matrix[NORMAL]
        return DetectionAccuracy(
            frames=known,
            right=sum(right) / known,
            detected=_share(attacks[:, 1:].sum(), attacks.sum()),
            false_alarms=_share(normal[1:].sum(), normal.sum()),
            classes={name: self._class(i, right[i]) for i, name in enumerate(CLASSES) if self._matrix[i].any()},
        )

    def _right(self, truth: int) -> int:
        name = CLASSES[truth]
        return int(self._matrix[truth, self._classes.index(name)]) if name in self._classes else 0

    def _class(self, truth: int, right: int) -> DetectedClass:
        row = self._matrix[truth]
        return DetectedClass(
            frames=int(row.sum()),
            right=right / int(row.sum()),
            called_attack=_share(row[1:].sum(), row.sum()),
            trained_on=CLASSES[truth] in self._classes,
        )


def _share(part: Any, whole: Any) -> float | None:
    return int(part) / int(whole) if whole else None
