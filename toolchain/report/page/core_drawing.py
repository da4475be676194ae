"""A core of units as a drawing: its stages one below the other, and the FIFOs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from toolchain.report.page.drawing import ACCENT, GRID, INK, MUTED, SECOND, draw
from toolchain.report.page.gather import Build
from toolchain.report.page.values import count, mapping, number, numbers, objects, text

_ENDS = ("input", "output")
_ROW = 0.42
_BOX, _WIDTH = 0.62, 13.0
# How far a FIFO that passes stages by reaches to the right, for each that it passes; and at most.
_STEP, _FARTHEST = 0.25, 1.5


@dataclass(frozen=True)
class Between:
    """What lies between two rows of the drawing: the deepest of their FIFOs."""

    source: int
    sink: int
    depth: int
    bits: int


def core_drawing(build: Build) -> Markup | None:
    """The drawing of a build's core; None where it is no core of units."""
    folding = mapping(build.facts.get("fold"), "folding")
    stages = objects(folding, "stages")
    if not stages:
        return None
    names = [_ENDS[0], *(text(stage, "tensor") for stage in stages), _ENDS[1]]
    fifos = between(names, objects(folding, "fifos"))
    slowest = max(number(stage, "cycles") or 0 for stage in stages)

    def plot(axes: Axes) -> None:
        for row, name in enumerate(names):
            stage = stages[row - 1] if 0 < row <= len(stages) else None
            _box(axes, row, name, stage, slowest)
        for fifo in fifos:
            _fifo(axes, fifo)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(-0.1, _WIDTH + _FARTHEST + 1.5)
        axes.axis("off")

    return draw("core", f"{len(stages)} stages of the core and the FIFOs between them", _ROW * len(names), plot)


def between(names: Sequence[str], fifos: Sequence[Mapping[str, Any]]) -> list[Between]:
    """The deepest FIFO between any two rows; those within a stage are left out."""
    rows = {name: row for row, name in enumerate(names)}
    deepest: dict[tuple[int, int], Between] = {}
    for fifo in fifos:
        ends = rows.get(text(fifo, "source")), rows.get(text(fifo, "sink"))
        if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            continue
        one = Between(ends[0], ends[1], int(number(fifo, "depth") or 0), int(number(fifo, "bits") or 0))
        place = (one.source, one.sink)
        deepest[place] = max(one, deepest.get(place, one), key=lambda found: found.depth)
    return list(deepest.values())


def shape_of(stage: Mapping[str, Any]) -> str:
    """The shape of a stage's result, such as ``32x32x16``."""
    return "x".join(count(size) for size in numbers(stage, "shape"))


def _box(axes: Axes, row: int, name: str, stage: Mapping[str, Any] | None, slowest: float) -> None:
    width = _WIDTH if stage else _WIDTH / 4
    axes.add_patch(_rectangle(row, width, fill=False, color=GRID))
    axes.text(0.15, row - (0.13 if stage else 0), name, va="center", color=INK, fontsize=7.5)
    if stage is None:
        return
    cycles = number(stage, "cycles") or 0
    axes.add_patch(_rectangle(row, width * cycles / max(slowest, 1), fill=True, color=ACCENT))
    told = (
        f"{text(stage, 'option')} · {count(cycles)} cycles · {shape_of(stage)} of {count(number(stage, 'bits'))} bits"
    )
    axes.text(0.15, row + 0.16, told, va="center", color=MUTED, fontsize=6)


def _rectangle(row: int, width: float, *, fill: bool, color: str) -> Rectangle:
    alpha, line = (0.18, 0.0) if fill else (1.0, 0.8)
    return Rectangle((0, row - _BOX / 2), width, _BOX, fill=fill, color=color, alpha=alpha, linewidth=line)


def _fifo(axes: Axes, fifo: Between) -> None:
    """A line down to the next row, or around those that lie between."""
    label, past = f"{fifo.depth:,} x {fifo.bits}", fifo.sink - fifo.source - 1
    if past == 0:
        x = _WIDTH / 8
        axes.plot([x, x], [fifo.source + _BOX / 2, fifo.sink - _BOX / 2], color=MUTED, linewidth=1)
        axes.text(x + 0.15, (fifo.source + fifo.sink) / 2, label, va="center", color=MUTED, fontsize=5.5)
        return
    x = _WIDTH + min(_FARTHEST, _STEP * past)
    corners = [_WIDTH, x, x, _WIDTH], [fifo.source, fifo.source + 0.2, fifo.sink - 0.2, fifo.sink]
    axes.plot(*corners, color=SECOND, linewidth=1)
    axes.text(x + 0.1, (fifo.source + fifo.sink) / 2, label, va="center", color=SECOND, fontsize=6)
