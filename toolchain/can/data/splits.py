"""Which windows train, validate and test.

`blocked` cuts each capture into segments of time and gives whole segments to one part, so that no
window crosses from one part into another; it shows how a network does on traffic it has not seen.
What is held out is spread over the capture: each stretch of 1/0.15 segments gives one to validation
and one to test, and the first and the last segment train. So held-out traffic lies between training
traffic; a state of the car that occurs in one end of a drive only is not what it measures.
`random` deals single windows, as most of the literature does; neighbours overlap, so it flatters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.attacks import CLASSES, NORMAL
from toolchain.can.data.frames import Bytes, Frames, Index
from toolchain.training.splits import SHARES

SPLITS = ("blocked", "random")

# Part of a window that belongs to no part, because it crosses a boundary.
NONE = 255

DEFAULT_SEGMENTS = 20
_TRIALS = 1000

# A segment shorter than this many window lengths would lose too many of its windows at its ends.
_LEAST_WINDOWS = 4


def blocked_split(frames: Frames, ends: Index, window: int, seed: int, segments: int = DEFAULT_SEGMENTS) -> Bytes:
    """Part of each window, `NONE` where it crosses from one part into another.

    All captures of the same number of segments are cut by the same pattern: captures that carry the
    same drive with different attacks never show one part's normal traffic to another part.

    Args:
        frames: all frames.
        ends: newest frame of each window, (m,), each window within one capture.
        window: frames per window.
        seed: of the patterns tried.
        segments: into which each capture is cut; shorter captures get fewer.
    """
    cuts = [_segments(frames.slice(a, b), window, segments) for a, b in frames.spans()]
    counts = [_class_counts(frames.slice(a, b), cut) for (a, b), cut in zip(frames.spans(), cuts, strict=True)]
    patterns = _choose_patterns(counts, seed)
    part = [patterns[int(cut[-1]) + 1][cut] for cut in cuts]
    return _window_parts(np.concatenate(part), ends, window)


def _segments(capture: Frames, window: int, most: int) -> Index:
    """Segment of each frame, equal numbers of normal frames in each.

    Counting normal frames only cuts captures of one drive at the same places whatever was injected.
    """
    number = max(1, min(most, len(capture) // (_LEAST_WINDOWS * window)))
    normal = np.cumsum(capture.label == NORMAL)
    clock = normal if normal[-1] >= len(capture) // 4 else np.arange(1, len(capture) + 1)
    segment: Index = (clock - 1).clip(0) * number // int(clock[-1])
    return segment


def _class_counts(capture: Frames, segment: Index) -> NDArray[np.int64]:
    """Frames by segment and class, (segments, classes)."""
    number = int(segment[-1]) + 1
    flat = np.bincount(segment * len(CLASSES) + capture.label, minlength=number * len(CLASSES))
    return flat.reshape(number, len(CLASSES))


def _choose_patterns(counts: list[NDArray[np.int64]], seed: int) -> dict[int, Bytes]:
    """The trial that shares out every class best; one pattern for each number of segments."""
    numbers = sorted({len(c) for c in counts})
    sums = {n: sum((c for c in counts if len(c) == n), np.zeros((n, len(CLASSES)), np.int64)) for n in numbers}
    generator = np.random.default_rng(seed)
    trials = [{n: _pattern(n, generator) for n in numbers} for _ in range(_TRIALS)]
    return min(trials, key=lambda patterns: _imbalance(patterns, sums))


def _pattern(number: int, generator: np.random.Generator) -> Bytes:
    """A part for each segment; fewer than four segments all train."""
    parts = np.zeros(number, np.uint8)
    if number < 4:
        return parts
    stretches = max(1, round(number * float(SHARES[2])))
    for stretch in np.array_split(np.arange(1, number - 1), stretches):
        parts[generator.choice(stretch, 2, replace=False)] = (1, 2)
    return parts


def _imbalance(patterns: dict[int, Bytes], sums: dict[int, NDArray[np.int64]]) -> tuple[int, float]:
    """How many parts lack a class, then how far the classes' shares are from 70/15/15."""
    held = np.stack([sum(sums[n][p == part].sum(0) for n, p in patterns.items()) for part in range(3)])
    present = held.sum(0) > 0
    shares = held[:, present] / held[:, present].sum(0)
    departure = shares / SHARES[:, None] - 1
    return int((held[:, present] == 0).sum()), float((departure**2).sum())


def _window_parts(part: Bytes, ends: Index, window: int) -> Bytes:
    """Part of windows whose frames all have one part, else `NONE`."""
    changes = np.concatenate([[0], np.cumsum(part[1:] != part[:-1])])
    whole = changes[ends] == changes[ends - window + 1]
    return np.where(whole, part[ends], NONE).astype(np.uint8)
