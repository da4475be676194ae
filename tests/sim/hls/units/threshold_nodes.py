"""Threshold nodes for test benches, and the codes that go in and come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hls.units.thresholding import Choice, Pieces, Thresholding
from hls.units.thresholds import build
from tests.sim.hls.units import bench
from toolchain.graph.fixed_point import multiply
from toolchain.graph.ops import Threshold
from toolchain.graph.thresholds import bisect_thresholds
from toolchain.graph.types import TensorType

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Case:
    """A node over `positions` positions."""

    op: Threshold
    x: TensorType
    positions: int = 6

    @cached_property
    def node(self) -> Thresholding:
        return Thresholding(
            self.op, TensorType((self.positions, self.x.channels), self.x.low, self.x.high, self.x.step)
        )

    def bench(self, name: str, choice: Choice, pieces: Pieces | None = None) -> bench.Case:
        """20 inferences through the unit."""
        given, wanted = self.codes(20)
        return bench.Case(build(name, replace(self.node, pieces=pieces or Pieces()), choice), [given], [wanted])

    def codes(self, inferences: int, seed: int = 0) -> tuple[Whole, Whole]:
        """Codes in and out: reachable values, many of them at a threshold or at an end."""
        random = np.random.default_rng(seed)
        size = (inferences * self.positions, self.x.channels)
        step, element, result = self.x.step, self.x.element, self.node.out.element
        count = (self.x.high - self.x.low) // step
        values = self.x.low + step * random.integers(0, count + 1, size)
        if self.op.levels:
            tables = np.broadcast_to(self.op.table, (self.x.channels, self.op.levels))
            edges = np.stack([random.choice(row, size[0]) for row in tables], axis=1) - step * random.integers(
                0, 2, size
            )
            edges = self.x.low + (edges - self.x.low) // step * step
            values = np.where(random.random(size) < 0.7, edges, values).clip(self.x.low, self.x.low + count * step)
        out = self.op.run(values)
        found = (values - element.low) // element.step, (out.astype(np.int64) - result.low) // result.step
        return found[0].reshape(inferences, -1), found[1].reshape(inferences, -1)


def rounded(
    channels: int, reach: int, levels: int, *, step: int = 1, least: int = 0, seed: int = 0, even: bool = False
) -> Case:
    """Scaled and rounded to the nearest, a channel's own scale; with `even` scales are powers of two."""
    random = np.random.default_rng(seed)
    scales = random.uniform(0.5, 2.0, (channels, 1)) * levels / reach
    starts = random.integers(-5, 5, (channels, 1)) + levels // 2
    if even:
        scales, starts = 2.0 ** np.round(np.log2(scales)), starts[:1]

    def codes(x: Whole) -> Whole:
        return np.clip(np.rint(x * scales) + starts, 0, levels).astype(np.int64)

    x = TensorType((channels,), -reach + random.integers(0, 9, channels), reach - random.integers(0, 9, channels))
    return Case(Threshold(bisect_thresholds(codes, x.low, x.high, levels), step, least), x)


def rounded_twice(channels: int, reach: int, shift: int, seed: int = 0) -> Case:
    """As TFLite rescales, halves away from zero."""
    random = np.random.default_rng(seed)
    factors = random.integers(2**30, 2**31, (channels, 1))

    def codes(x: Whole) -> Whole:
        return np.clip(multiply(x, factors, -shift) + 3, -128, 127) + 128

    x = TensorType((channels,), -reach, reach)
    return Case(Threshold(bisect_thresholds(codes, x.low, x.high, 255), 1, -128), x)


def tables(channels: int, levels: int, reach: int, *, step: int = 1, least: int = 0, x_step: int = 1) -> Case:
    """Thresholds anywhere: no line passes."""
    random = np.random.default_rng(levels)
    table = np.sort(random.integers(-reach - 9, reach + 9, (channels, levels)), axis=1)
    x = TensorType((channels,), -reach, reach - random.integers(0, 4, channels) * x_step, x_step)
    return Case(Threshold(table.clip(x.low[:, None], x.high[:, None] + 1), step, least), x)
