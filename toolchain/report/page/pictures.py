"""Inputs as pictures: pixels where they are an image, lines where they are a row or a window of numbers."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]

_FEWEST = 6
# So many times as long as high, a grid is steps of time.
_LONGEST = 8
# Sides of an image that a page still shows as they are; points of a line that a page can tell apart.
_MOST_SIDE, _POINTS = 256, 240
_WIDTH, _HEIGHT = 168.0, 84.0
_LINES, _MOST_COLUMNS = 3, 16


def picture(x: Array, low: float, high: float, title: str) -> Markup:
    """One input of any shape.

    Args:
        low, high: of all inputs, which are black and white; lines have a scale of their own.
        title: read out in place of the picture.
    """
    pixels = _pixels(x)
    return _lines(_columns(x), title) if pixels is None else _image(_scaled(pixels, low, high), title)


def _scaled(x: Array, low: float, high: float) -> Array:
    """The same from 0 to 1."""
    return np.clip((x.astype(np.float64) - low) / ((high - low) or 1.0), 0, 1)


def _pixels(x: Array) -> Array | None:
    """(height, width) or (height, width, 3) where the shape is that of an image, channels first or last."""
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        return None
    last = x if x.shape[-1] in (1, 3) else np.moveaxis(x, 0, -1)
    short, long = sorted(last.shape[:2])
    is_image = last.shape[-1] in (1, 3) and _FEWEST <= short <= long <= min(_MOST_SIDE, _LONGEST * short)
    return (last[..., 0] if last.shape[-1] == 1 else last) if is_image else None


def _image(pixels: Array, title: str) -> Markup:
    stream = io.BytesIO()
    Image.fromarray(np.rint(255 * pixels).astype(np.uint8)).save(stream, "PNG", optimize=True)
    data = base64.b64encode(stream.getvalue()).decode()
    return Markup('<img class="input" alt="{}" src="data:image/png;base64,{}">').format(title, data)


def _lines(columns: Array, title: str) -> Markup:
    scaled = _scaled(columns, float(columns.min()), float(columns.max()))
    lines = [Markup('<polyline points="{}"/>').format(_points(column)) for column in scaled]
    box = f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}"
    return Markup('<svg class="input" role="img" aria-label="{}" viewBox="{}">{}</svg>').format(
        title, box, Markup("").join(lines)
    )


def _columns(x: Array) -> Array:
    """What runs along the longer axis of a grid, three that vary most; of what is no narrow grid all in one row."""
    grid = x.squeeze()
    if grid.ndim != 2 or min(grid.shape) > _MOST_COLUMNS:
        return x.reshape(1, -1)
    columns = grid if grid.shape[0] <= grid.shape[1] else grid.T
    varied = np.argsort(-columns.astype(np.float64).std(axis=1), kind="stable")[:_LINES]
    return columns[np.sort(varied)]


def _points(column: Array) -> str:
    """The places of a line: of many numbers the least and greatest of each stretch, so that no peak is lost."""
    if len(column) > _POINTS:
        parts = np.array_split(column, _POINTS // 2)
        column = np.array([end for part in parts for end in (part.min(), part.max())])
    across = np.linspace(2, _WIDTH - 2, len(column))
    down = _HEIGHT - 3 - (_HEIGHT - 6) * column
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
