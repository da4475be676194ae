"""Copies of a network with one thing changed are told from their file, and the node where they part is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, layers_tflite, two_qdq
from toolchain.errors import ModelError, VerificationError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Op, Threshold, Window
from toolchain.runtime.network_file.opening import Opened, open_network
from toolchain.runtime.network_file.proof import prove

Change = Callable[[Op], Op]


def _flipped_weight(op: Op) -> Op:
    if not isinstance(op, Linear):
        return op
    weights = op.weights.copy()
    weights[np.unravel_index(int(np.abs(weights).argmax()), weights.shape)] *= -1
    return replace(op, weights=weights)


def _padding(op: Op) -> Op:
    return replace(op, fill=op.fill + 3) if isinstance(op, Window) and op.padded else op


def _swapped_channels(op: Op) -> Op:
    if not isinstance(op, Linear):
        return op
    return replace(op, weights=op.weights[:, ::-1].copy(), bias=op.bias[::-1].copy())


def _off_by_one(op: Op) -> Op:
    return replace(op, least=op.least + op.step) if isinstance(op, Threshold) else op


CHANGES = (_flipped_weight, _padding, _swapped_channels, _off_by_one)


def _broken(opened: Opened, change: Change, which: int) -> tuple[Opened, str]:
    """A copy with one of the nodes changed that the change is about; with that node's name."""
    able = [n for n in opened.source.graph if _takes(change, _plain(n.op))]
    chosen, graph = able[which].name, Graph()
    for node in opened.source.graph:
        graph.add(node.name, change(_plain(node.op)) if node.name == chosen else _plain(node.op), *node.inputs)
    for output in opened.source.graph.outputs:
        graph.end(output.name, output.node, output.scale, output.offset)
    return replace(opened, source=replace(opened.source, graph=graph)), chosen


def _plain(op: Op) -> Op:
    """Without a uniform form, which is checked on its own: other sums would not fit it."""
    return replace(op, uniform=None) if isinstance(op, Threshold) and op.uniform is not None else op


def _takes(change: Change, op: Op) -> bool:
    return change(op) is not op


def _nearest(opened: Opened, name: str) -> str:
    """The first node, from the changed one on, whose integers the file has, too."""
    seen, behind = {s.node for s in opened.source.seen}, {name}
    for node in opened.source.graph:
        if behind.intersection(node.inputs):
            behind.add(node.name)
        if node.name in behind & seen:
            return node.name
    raise AssertionError(f"{name}: nothing behind it is seen")


@pytest.mark.parametrize("write", [conv_qonnx, two_qdq, layers_tflite])
@pytest.mark.parametrize("change", CHANGES)
def test_the_layer_where_a_broken_copy_parts_is_named(
    write: Callable[[Path], Path], change: Change, tmp_path: Path
) -> None:
    broken, name = _broken(open_network(write(tmp_path / "net")), change, 0)
    with pytest.raises((VerificationError, ModelError), match=r"answers .* vectors otherwise than") as caught:
        prove(broken, None, lambda text: None, 60)
    found = re.search(r"the first node that differs: (\S+) \(", str(caught.value))
    assert found is not None and found[1] == _nearest(broken, name), str(caught.value)


@pytest.mark.parametrize("write", [conv_qonnx, two_qdq, layers_tflite])
def test_the_second_layer_is_told_from_the_first(write: Callable[[Path], Path], tmp_path: Path) -> None:
    broken, name = _broken(open_network(write(tmp_path / "net")), _flipped_weight, 1)
    with pytest.raises((VerificationError, ModelError), match=r"the first node that differs: (\S+)") as caught:
        prove(broken, None, lambda text: None, 60)
    assert f"differs: {_nearest(broken, name)} (" in str(caught.value)


@pytest.mark.parametrize("write", [conv_qonnx, two_qdq, layers_tflite])
def test_every_layer_is_seen_there_or_where_it_is_moved(write: Callable[[Path], Path], tmp_path: Path) -> None:
    opened = open_network(write(tmp_path / "net"))
    layers = [n.name for n in opened.source.graph if isinstance(n.op, Threshold)]
    assert len({_nearest(opened, name) for name in layers}) == len(layers) > 0
