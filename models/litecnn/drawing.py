"""Drawn digits: strokes through a few points, each image moved, stretched, slanted, thick and noisy in its own way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Point = tuple[float, float]

SIDE = 28

# Images drawn at once, which bounds memory.
_BATCH = 250

_SIX: tuple[Point, ...] = (
    (0.4, -1),
    (-0.2, -0.6),
    (-0.5, 0.2),
    (-0.4, 0.8),
    (0, 1),
    (0.4, 0.8),
    (0.5, 0.4),
    (0.2, 0.1),
    (-0.4, 0.3),
)

STROKES: tuple[tuple[tuple[Point, ...], ...], ...] = (
    (((0, -1), (-0.5, -0.6), (-0.6, 0), (-0.5, 0.6), (0, 1), (0.5, 0.6), (0.6, 0), (0.5, -0.6), (0, -1)),),
    (((-0.3, -0.6), (0.1, -1), (0.1, 1)),),
    (((-0.5, -0.6), (-0.2, -1), (0.3, -1), (0.5, -0.6), (0.3, -0.1), (-0.5, 1), (0.6, 1)),),
    (((-0.5, -0.9), (0.1, -1), (0.5, -0.6), (0, -0.1), (0.5, 0.3), (0.4, 0.8), (-0.1, 1), (-0.5, 0.8)),),
    (((0.1, -1), (-0.6, 0.3), (0.6, 0.3)), ((0.3, -0.3), (0.3, 1))),
    (((0.5, -1), (-0.4, -1), (-0.5, -0.1), (0.1, -0.2), (0.5, 0.2), (0.4, 0.8), (0, 1), (-0.5, 0.8)),),
    (_SIX,),
    (((-0.5, -1), (0.5, -1), (-0.1, 1)),),
    (
        ((0, -0.1), (-0.4, -0.5), (-0.3, -0.9), (0, -1), (0.3, -0.9), (0.4, -0.5), (0, -0.1), (-0.5, 0.4)),
        ((-0.5, 0.4), (-0.4, 0.9), (0, 1), (0.4, 0.9), (0.5, 0.4), (0, -0.1)),
    ),
    (tuple((-x, -y) for x, y in _SIX),),
)
"""Points of each digit's strokes: x to the right, y down, both -1 to 1."""


def draw_digits(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images, (count, SIDE, SIDE), bright strokes on dark ground, and their labels, (count,); the same for one seed."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(STROKES), count).astype(np.uint8)
    images = [_draw(labels[start : start + _BATCH], rng) for start in range(0, count, _BATCH)]
    return np.concatenate(images), labels


def _draw(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A few images: bright within the thickness of a stroke, fading over one pixel."""
    starts, ends = _segments(labels, rng)
    thickness = rng.uniform(0.6, 1.6, (len(labels), 1, 1))
    ink = np.clip(thickness + 0.5 - _distances(starts, ends), 0, 1)
    bright = ink * rng.uniform(140, 255, thickness.shape)
    noise = rng.integers(-24, 25, bright.shape) * (rng.random(bright.shape) < 0.3)
    return np.clip(np.rint(bright) + noise, 0, 255).astype(np.uint8)


def _segments(labels: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Both ends of each image's segments in pixels, (n, segments, 2); each point is a little off its place."""
    points = _POINTS[labels] + rng.uniform(-0.11, 0.11, (len(labels), *_POINTS.shape[1:]))
    size, slant, turn = (rng.uniform(*span, (len(labels), 1)) for span in ((7, 10), (-0.35, 0.35), (-0.2, 0.2)))
    wide = size * rng.uniform(0.75, 1.1, size.shape)
    centre = (SIDE - 1) / 2 + rng.uniform(-2.5, 2.5, (2, len(labels), 1))
    x, y = points[..., 0], points[..., 1]
    placed = np.stack([centre[0] + wide * (x - slant * y), centre[1] + size * (y + turn * x)], axis=2).astype(
        np.float32
    )
    numbers = np.arange(len(labels))[:, None]
    return placed[numbers, _STARTS[labels]], placed[numbers, _STARTS[labels] + _STEPS[labels]]


def _distances(starts: Floats, ends: Floats) -> Floats:
    """Of each pixel from the nearest segment, (n, SIDE, SIDE)."""
    nearest = np.full((len(starts), SIDE, SIDE), np.inf, np.float32)
    for start, end in zip(starts.swapaxes(0, 1), ends.swapaxes(0, 1), strict=True):
        (x, y), (right, down) = start.T[..., None, None], (end - start).T[..., None, None]
        if right.any() or down.any():
            across, below = _PIXELS - x, _PIXELS[:, None] - y
            share = np.clip((across * right + below * down) / np.maximum(right**2 + down**2, 1e-6), 0, 1)
            nearest = np.minimum(nearest, (across - share * right) ** 2 + (below - share * down) ** 2)
    distances: Floats = np.sqrt(nearest)
    return distances


def _tables() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each digit, as long as the longest: its points, the point each segment starts at, and whether it goes on."""
    longest = max(sum(len(stroke) for stroke in strokes) for strokes in STROKES)
    points = np.zeros((len(STROKES), longest, 2))
    starts, steps = (np.zeros((len(STROKES), longest), np.int64) for _ in range(2))
    for digit, strokes in enumerate(STROKES):
        flat = [point for stroke in strokes for point in stroke]
        points[digit, : len(flat)] = flat
        goes_on = [place < len(stroke) - 1 for stroke in strokes for place in range(len(stroke))]
        starts[digit, : len(flat)] = np.arange(len(flat))
        steps[digit, : len(flat)] = goes_on
    return points, starts, steps


_PIXELS = np.arange(SIDE, dtype=np.float32)
_POINTS, _STARTS, _STEPS = _tables()
