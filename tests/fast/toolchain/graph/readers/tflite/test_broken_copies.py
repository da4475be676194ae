"""A graph that differs from its file by one weight, fill, channel or rounding is told apart from the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.tflite.compared import vectors
from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Op, Threshold, Window
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference


def _file() -> Flat:
    random = np.random.default_rng(3)
    flat = Flat()
    x = flat.input((1, 6, 5, 3), 0.05, 21)
    scales = random.uniform(0.004, 0.01, 4)
    w = flat.constant(random.integers(-127, 128, (4, 3, 3, 3)), "INT8", scales)
    b = flat.constant(random.integers(-3000, 3000, 4), "INT32", (0.05 * scales).tolist())
    y = flat.tensor((1, 6, 5, 4), 0.06, -30)
    flat.operator("CONV_2D", [x, w, b], [y], StrideH=1, StrideW=1, DilationHFactor=1, DilationWFactor=1)
    return flat.end(y)


def _flipped_weight(op: Op) -> Op:
    if not isinstance(op, Linear):
        return op
    weights = op.weights.copy()
    weights[5, 2] ^= 1
    return replace(op, weights=weights)


def _other_fill(op: Op) -> Op:
    return replace(op, fill=op.fill + 1) if isinstance(op, Window) else op


def _swapped_channels(op: Op) -> Op:
    if not isinstance(op, Linear):
        return op
    order = [1, 0, 2, 3]
    return replace(op, weights=op.weights[:, order], bias=op.bias[order])


def _off_by_one(op: Op) -> Op:
    return replace(op, table=op.table + 1, uniform=None) if isinstance(op, Threshold) else op


def _as_it_is(op: Op) -> Op:
    return op


@pytest.mark.parametrize("change", [_as_it_is, _flipped_weight, _other_fill, _swapped_channels, _off_by_one])
def test_it_is_caught(tmp_path: Path, change: Callable[[Op], Op]) -> None:
    path = _file().save(tmp_path / "made.tflite")
    source = read_tflite(path)
    changed = Graph()
    for node in source.graph:
        changed.add(node.name, change(node.op), *node.inputs)
    feeds = vectors(source, 60)
    wanted = run_reference(path, feeds)["t3"]
    last = source.graph.outputs[0].node
    found = run(changed, {"input_0": feeds["t0"]}, [last])[last]
    assert np.array_equal(found, wanted) is (change is _as_it_is)
