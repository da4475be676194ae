"""Random integer graphs: convolutions over one axis or two, groups, odd sizes, branches, exits, 1 to 8 bits, ties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from toolchain.graph.graph import Graph
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Concat,
    Input,
    Linear,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Table,
    Threshold,
    Transpose,
    dense,
    window,
)
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform

Random = np.random.Generator
_ENDS = [(0, 255), (-128, 127), (0, 1), (-3, 3), (-8, 7), (0, 15), (100, 300), (-1, 1)]


def random_graph(seed: int) -> Graph:
    """A graph of up to a dozen steps, one or two inputs, and several outputs."""
    random = np.random.default_rng(seed)
    build = _Build(random)
    for _ in range(int(random.integers(2, 9))):
        build.step()
    build.end()
    return build.graph


class _Build:
    """A graph that grows at any of its ends."""

    def __init__(self, random: Random) -> None:
        self.graph, self.random = Graph(), random
        axes = int(random.integers(0, 3))
        shape = (*(int(n) for n in random.integers(3, 9, axes)), int(random.integers(1, 7)))
        for name in ("x", "second")[: int(random.integers(1, 3))]:
            low, high = _ENDS[random.integers(len(_ENDS))]
            step = 2 if (low, high) == (-1, 1) else 1
            self.graph.add(name, Input(TensorType(shape, low, high, step)))
        self.latest = "x"

    def step(self) -> None:
        kinds = [self._sums, self._sums, self._sums, self._pool, self._addition, self._move, self._table]
        kind: Callable[[], str | None] = kinds[self.random.integers(len(kinds))]
        self.latest = kind() or self.latest

    def end(self) -> None:
        names = [node.name for node in self.graph if not self.graph.takers(node.name)] or [self.latest]
        for number, name in enumerate(names):
            scale, offset = [(1.0, 0.0), (0.25, -1.5), (0.3, 0.0)][self.random.integers(3)]
            self.graph.end(f"y{number}", name, scale, offset)
        if self.random.integers(2):
            label = self.graph.add("label", ArgMax(), self.latest)
            self.graph.end("class", label)

    def _add(self, op: object, *inputs: str) -> str:
        return self.graph.add(f"n{len(self.graph)}", op, *inputs)  # type: ignore[arg-type]

    def _source(self) -> str:
        names = [node.name for node in self.graph if self.graph.types[node.name].magnitude.max() < 2**12]
        return self.latest if self.latest in names else names[self.random.integers(len(names))]

    def _sums(self) -> str:
        name, random = self._source(), self.random
        name, taps = self._window(name, sums=True)
        channels = self.graph.types[name].channels
        groups = 1
        if channels // taps > 1 and random.integers(2):
            groups = channels // taps
        outputs = groups * int(random.integers(1, 3)) if groups > 1 else int(random.integers(1, 9))
        most = int(random.choice([1, 3, 7, 127]))
        weights = random.integers(-most, most + 1, (channels // groups, outputs))
        if random.integers(3) == 0:
            weights[:, 0] = 0
        bias = random.integers(-50, 51, outputs) * int(random.integers(2))
        sums = self._add(Linear(weights, bias, groups, taps), name)
        return self._quantised(sums) if random.integers(4) else sums

    def _window(self, name: str, *, sums: bool) -> tuple[str, int]:
        shape, random = self.graph.types[name].shape, self.random
        axes = len(shape) - 1
        if not axes or axes > 2:
            return name, 1
        kernel = [int(random.integers(1, min(3, n) + 1)) for n in shape[:-1]]
        ends = [[int(p) for p in random.integers(0, 2, axes)] if random.integers(2) else [0] * axes for _ in range(2)]
        kind = self.graph.types[name].element
        fill = int(random.choice([0, kind.low, kind.high, kind.low + kind.step]))
        stride = [int(s) for s in random.integers(1, 3, axes)]
        view = window(kernel, stride, ends[0], ends[1], None, fill if sums else kind.low - int(random.integers(2)))
        return self._add(view, name), view.taps

    def _quantised(self, name: str) -> str:
        kind, random = self.graph.types[name], self.random
        levels = int(random.choice([1, 2, 3, 7, 15, 255]))
        spread = max(1, int(kind.magnitude.max()))
        step = float(
            random.choice([2.0 ** random.integers(0, 9), spread * 2 / (levels + 1) * random.uniform(0.3, 1.5)])
        )
        zero = int(random.choice([0, 0, levels // 2]))
        table = _rounded(levels, step, zero, random.integers(-3, 4, kind.channels))
        if random.integers(4) == 0:
            table[0] = np.sort(random.integers(-spread, spread + 1, levels))
        unit = int(random.choice([1, 1, 1, 2, -1]))
        op = Threshold(table, unit, int(random.choice([0, -zero, -1, -128])))
        return self._add(with_uniform(op, kind) if random.integers(2) else op, name)

    def _pool(self) -> str | None:
        name, taps = self._window(self._source(), sums=False)
        if taps == 1:
            return None
        kind = "max" if self.random.integers(2) else "sum"
        return self._add(Reduce("max" if kind == "max" else "sum", taps), name)

    def _alike(self, axes: int | None) -> list[str]:
        """Tensors whose shapes are the latest one's, up to so many axes."""
        own = self.graph.types[self.latest].shape[:axes]
        rank = len(self.graph.types[self.latest].shape)
        return [n for n, kind in self.graph.types.items() if kind.shape[:axes] == own and len(kind.shape) == rank]

    def _addition(self) -> str:
        names = self._alike(None)
        other = names[self.random.integers(len(names))]
        factors = tuple(int(f) for f in self.random.choice([1, 1, 3, -2, 1000], 2))
        total = self._add(Add(factors), self.latest, other)
        return self._quantised(total) if self.random.integers(3) else total

    def _move(self) -> str:
        name, random = self.latest, self.random
        shape = self.graph.types[name].shape
        kind = int(random.integers(5))
        if kind == 0:
            names = self._alike(-1)
            return self._add(Concat(), name, names[random.integers(len(names))])
        if kind == 1:
            return self._add(Select(tuple(int(c) for c in random.integers(0, shape[-1], 3))), name)
        if kind == 2 and 1 < len(shape) < 4 and np.prod(shape) < 400:
            return self._add(Repeat(tuple(int(b) for b in random.integers(1, 3, len(shape) - 1))), name)
        if kind == 3:
            return self._add(Transpose(tuple(int(a) for a in random.permutation(len(shape)))), name)
        flat = self._add(Reshape((int(np.prod(shape)),)), name)
        weights = random.integers(-3, 4, (int(np.prod(shape)), int(random.integers(2, 6))))
        return self._quantised(self._add(dense(weights), flat)) if random.integers(2) else flat

    def _table(self) -> str | None:
        name = self._source()
        kind = self.graph.types[name]
        entries = int(kind.high.max() - kind.low.min()) + 1
        if entries > 3000:
            return None
        rows = kind.channels if self.random.integers(2) else 1
        most = int(self.random.choice([1, 100, 4000]))
        return self._add(Table(self.random.integers(-most, most + 1, (rows, entries)), int(kind.low.min())), name)


def _rounded(levels: int, step: float, zero: int, offset: np.ndarray) -> np.ndarray:
    """Thresholds of ``rint((sum + offset) / step) + zero``: the least sum of each count, ties to even."""
    edges = (np.arange(1, levels + 1) - zero - 0.5) * step
    least = np.ceil(edges).astype(np.int64)
    tied = (least == edges) & (np.rint(least / step) + zero < np.arange(1, levels + 1))
    return np.sort((least + tied)[None] - offset[:, None], axis=1)


def feeds(graph: Graph, rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values over all that each input may hold, by its name."""
    random, values = np.random.default_rng(seed), {}
    for name in graph.inputs:
        kind = graph.types[name]
        steps = (kind.high - kind.low) // kind.step
        values[name] = kind.low + kind.step * random.integers(0, steps + 1, (rows, *kind.shape))
    return values
