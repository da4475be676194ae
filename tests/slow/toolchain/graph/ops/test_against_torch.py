"""Every node kind against torch, which computes the same another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from toolchain.graph.execute import run
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

_ROWS = 60


def _x(shape: tuple[int, ...], seed: int = 0, low: int = -8, high: int = 7) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(low, high + 1, (_ROWS, *shape))


def _torch(x: NDArray[np.int64]) -> torch.Tensor:
    """Channels first, in double, which is exact here."""
    return torch.from_numpy(np.moveaxis(x, -1, 1).copy()).double()


def _numpy(x: torch.Tensor) -> NDArray[np.int64]:
    return np.moveaxis(x.numpy(), 1, -1).astype(np.int64)


def _graph(shape: tuple[int, ...]) -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType(shape, -8, 7)))
    return graph


def _inside(graph: Graph, name: str, values: NDArray[np.int64]) -> bool:
    kind = graph.types[name]
    return bool(((values >= kind.low) & (values <= kind.high) & ((values - kind.low) % kind.step == 0)).all())


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize(
    ("stride", "dilation", "pad"), [(1, 1, (1, 1)), (2, 1, (0, 1)), (1, 2, (2, 2)), (3, 1, (0, 0))]
)
def test_a_convolution(groups: int, stride: int, dilation: int, pad: tuple[int, int]) -> None:
    weights = np.random.default_rng(1).integers(-3, 4, (3, 2, 6 // groups, 12))
    bias = np.arange(12)
    graph = _graph((9, 7, 6))
    graph.add("w", window((3, 2), (stride, stride), (pad[0],) * 2, (pad[1],) * 2, (dilation, dilation)), "x")
    graph.add("y", Linear(weights.reshape(-1, 12), bias, groups, 6), "w")
    x = _x((9, 7, 6))
    padded = functional.pad(_torch(x), (pad[0], pad[1], pad[0], pad[1]))
    kernel = torch.from_numpy(weights.transpose(3, 2, 0, 1).copy()).double()
    wanted = functional.conv2d(padded, kernel, torch.from_numpy(bias).double(), stride, 0, dilation, groups)
    got = run(graph, {"x": x}, ["y"])["y"]
    assert np.array_equal(got, _numpy(wanted))
    assert _inside(graph, "y", got)


def test_a_convolution_over_time() -> None:
    weights = np.random.default_rng(2).integers(-3, 4, (5, 3, 4))
    graph = _graph((20, 3))
    graph.add("w", window((5,), (2,), (2,)), "x")
    graph.add("y", Linear(weights.reshape(-1, 4), np.zeros(4, np.int64), taps=5), "w")
    x = _x((20, 3))
    kernel = torch.from_numpy(weights.transpose(2, 1, 0).copy()).double()
    wanted = functional.conv1d(_torch(x), kernel, stride=2, padding=2)
    assert np.array_equal(run(graph, {"x": x}, ["y"])["y"], _numpy(wanted))


@pytest.mark.parametrize("kind", ["max", "sum"])
def test_pooling(kind: str) -> None:
    graph = _graph((8, 6, 5))
    graph.add("w", window((2, 3), (2, 1), fill=-8), "x")
    graph.add("y", Reduce("max" if kind == "max" else "sum", 6), "w")
    x = _x((8, 6, 5))
    wanted = (
        functional.max_pool2d(_torch(x), (2, 3), (2, 1))
        if kind == "max"
        else functional.avg_pool2d(_torch(x), (2, 3), (2, 1)) * 6
    )
    got = run(graph, {"x": x}, ["y"])["y"]
    assert np.array_equal(got, np.rint(np.moveaxis(wanted.numpy(), 1, -1)))
    assert _inside(graph, "y", got)


def test_padding_of_a_maximum_never_wins() -> None:
    graph = _graph((5, 5, 2))
    graph.add("w", window((3, 3), (2, 2), (1, 1), fill=-8), "x")
    graph.add("y", Reduce("max", 9), "w")
    x = _x((5, 5, 2))
    wanted = functional.max_pool2d(_torch(x), 3, 2, 1)
    assert np.array_equal(run(graph, {"x": x}, ["y"])["y"], _numpy(wanted))


def test_thresholds_few_and_many_shared_and_apart() -> None:
    x = _x((4, 3), low=-500, high=500)
    for levels in (3, 40):
        for channels in (1, 3):
            table = np.sort(np.random.default_rng(levels).integers(-500, 500, (channels, levels)), axis=1)
            graph = Graph()
            graph.add("x", Input(TensorType((4, 3), -500, 500)))
            graph.add("y", Threshold(table, 2, -3), "x")
            got = run(graph, {"x": x}, ["y"])["y"]
            assert np.array_equal(got, 2 * (x[..., None] >= table).sum(-1) - 3)
            assert _inside(graph, "y", got)


def test_moves_lose_nothing() -> None:
    graph = _graph((4, 6, 5))
    graph.add("up", Repeat((2, 3)), "x")
    graph.add("turned", Transpose((2, 0, 1)), "x")
    graph.add("flat", Reshape((120,)), "turned")
    graph.add("some", Select((4, 0, 0)), "x")
    graph.add("both", Concat(), "x", "some")
    graph.add("sum", Add((2, -3)), "x", "x")
    x = _x((4, 6, 5))
    got = run(graph, {"x": x}, ["up", "flat", "both", "sum"])
    assert np.array_equal(got["up"], x.repeat(2, axis=1).repeat(3, axis=2))
    assert np.array_equal(got["flat"], x.transpose(0, 3, 1, 2).reshape(_ROWS, -1))
    assert np.array_equal(got["both"], np.concatenate([x, x[..., [4, 0, 0]]], axis=-1))
    assert np.array_equal(got["sum"], -x)


def test_a_table_and_a_label() -> None:
    values = np.random.default_rng(5).integers(-90, 90, (5, 16))
    graph = _graph((5,))
    graph.add("t", Table(values, -8), "x")
    graph.add("y", ArgMax(), "t")
    x = _x((5,))
    got = run(graph, {"x": x}, ["t", "y"])
    wanted = np.stack([values[c, x[:, c] + 8] for c in range(5)], axis=1)
    assert np.array_equal(got["t"], wanted)
    assert np.array_equal(got["y"][:, 0], wanted.argmax(axis=1))
    assert _inside(graph, "t", got["t"])


def test_sums_beyond_float32_are_exact() -> None:
    weights = np.full((3000, 2), 127)
    graph = Graph()
    graph.add("x", Input(TensorType((3000,), -128, 127)))
    graph.add("y", dense(weights), "x")
    x = np.full((2, 3000), 127)
    x[1, 0] = 126
    assert run(graph, {"x": x}, ["y"])["y"].tolist() == [[48387000] * 2, [48386873] * 2]
