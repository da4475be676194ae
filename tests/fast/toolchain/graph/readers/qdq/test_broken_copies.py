"""Copies of a network with one thing changed answer otherwise: the comparison sees what it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest

from tests.fast.toolchain.graph.readers.qdq.compared import answers, random_feeds
from tests.fast.toolchain.graph.readers.qdq.small import Small
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Op, Select, Threshold, Window
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.graph.readers.qdq.reference import run_reference
from toolchain.graph.readers.source import Source


@pytest.fixture(scope="module")
def network() -> tuple[onnx.ModelProto, Source]:
    s = Small([1, 3, 6, 6], 41)
    x = s.quantised("x", *s.scheme(0.03, 5))
    a, b = s.node("Split", s.quantised(s.node("Conv", x, s.weights([4, 3, 3, 3], 0), pads=[1] * 4)), axis=1, outputs=2)
    y = s.quantised(s.node("Add", s.quantised(a), s.quantised(b)))
    model = s.model(s.quantised(s.node("Conv", y, s.weights([4, 2, 2, 2], 0))))
    return model, read_qdq(model)


def _flipped(op: Op) -> Op:
    if not isinstance(op, Linear):
        return op
    weights = np.array(op.weights)
    weights[0, 0] = -weights[0, 0] - 1
    return replace(op, weights=weights)


def _padding(op: Op) -> Op:
    return replace(op, fill=op.fill + 1) if isinstance(op, Window) and op.padded else op


def _swapped(op: Op) -> Op:
    return Select(op.channels[::-1]) if isinstance(op, Select) else op


def _off_by_one(op: Op) -> Op:
    return replace(op, table=op.table + 1, uniform=None) if isinstance(op, Threshold) else op


def _copy(graph: Graph, change: Callable[[Op], Op], only: int) -> Graph:
    """The graph with one node of those that the change is about changed."""
    copy, seen = Graph(), 0
    for node in graph:
        # Uniform forms are checked on their own: other sums would not fit them.
        plain = replace(node.op, uniform=None) if isinstance(node.op, Threshold) else node.op
        op = change(plain)
        if op is not plain:
            op = op if seen == only else plain
            seen += 1
        copy.add(node.name, op, *node.inputs)
    for output in graph.outputs:
        copy.end(output.name, output.node, output.scale, output.offset)
    assert seen > only
    return copy


@pytest.mark.parametrize("only", [0, 1])
@pytest.mark.parametrize("change", [_flipped, _padding, _swapped, _off_by_one])
def test_a_change_is_seen(network: tuple[onnx.ModelProto, Source], change: Callable[[Op], Op], only: int) -> None:
    model, source = network
    if change is _padding and only:
        pytest.skip("one layer alone is padded")
    feeds: dict[str, Any] = random_feeds(source, 200)
    wanted = run_reference(model, feeds)[source.outputs[0].name]
    assert (answers(source, feeds)[source.outputs[0].name] == wanted).all()
    broken = replace(source, graph=_copy(source.graph, change, only))
    assert (answers(broken, feeds)[source.outputs[0].name] != wanted).any()
