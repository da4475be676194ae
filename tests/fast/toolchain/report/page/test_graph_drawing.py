"""The integer graph as a drawing: every node, every wire, nothing on top of another."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, dense, window
from toolchain.graph.types import TensorType
from toolchain.report.graph_nodes import ToldNode, told
from toolchain.report.page.graph_drawing import draw_graph


@pytest.fixture
def residual() -> list[ToldNode]:
    """A branch of three nodes beside a wire that passes them."""
    graph = Graph()
    graph.add("<in>", Input(TensorType((4, 4, 2), 0, 3)))
    graph.add("neighbours", window((3, 3), before=(1, 1)), "<in>")
    graph.add("sums", dense(np.full((18, 2), 2)), "neighbours")
    graph.add("end", Add((1, 2)), "sums", "<in>")
    graph.end("y", "end")
    return told(graph)


def _boxes(svg: str) -> list[tuple[float, ...]]:
    found = re.findall(r'class="box[^"]*" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', svg)
    return [tuple(map(float, box)) for box in found]


def test_each_node_says_its_kind_shape_type_and_cycles(residual: list[ToldNode]) -> None:
    svg = str(draw_graph(residual, {"sums": 288, "end": 16}))
    assert "Window 3x3" in svg
    assert "4x4x2 UINT2" in svg
    assert "Linear of INT3" in svg
    assert "288 cycles" in svg
    assert "&lt;in&gt;" in svg
    assert svg.count('class="cycles') == 2
    assert svg.count("slowest") == 1


def test_no_box_lies_on_another_and_each_wire_is_there(residual: list[ToldNode]) -> None:
    svg = str(draw_graph(residual, {}))
    boxes = _boxes(svg)
    assert len(boxes) == 4
    for (x, y, width, height), (left, top, _, _) in combinations(boxes, 2):
        assert abs(x - left) >= width or abs(y - top) >= height
    # Four wires, of which one passes two rows in pieces of its own.
    assert svg.count('class="wire"') == 6


def test_equal_graphs_give_equal_bytes(residual: list[ToldNode]) -> None:
    assert draw_graph(residual, {"sums": 1}) == draw_graph(residual, {"sums": 1})


def test_a_long_name_is_cut_and_kept_in_the_title() -> None:
    name = "a" * 60
    svg = str(draw_graph([ToldNode(name, "Input", (1,), "UINT8", (), computes=False)], {}))
    assert f"<title>{name}" in svg
    assert f">{name}<" not in svg
