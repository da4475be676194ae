"""What the host link need not hold is streamed; what FIFOs need is left to them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages.context import Context
from flows.stages.rtl import graph_design
from flows.stages.rtl.graph_design import GraphDesign
from flows.stages.rtl.shell import shell_of
from hls.graph_core import Fitted, GraphCore
from hls.memories import Resources
from tests.sim.hls.graphs import Growing
from toolchain.errors import TooLargeError
from toolchain.graph.graph import Graph
from toolchain.layout import Layout, Request


@pytest.mark.parametrize("board", ["ulx3s", "zcu104"])
def test_what_a_board_need_not_hold_takes_no_memory(board: str, tmp_path: Path) -> None:
    """An answer longer than a frame, or a window: of a vector four times as large, the core's lines alone take more."""
    context = context_of(board, tmp_path)
    link, blocks = shell_of(context.board).cost, []
    for side in (128, 256):
        made = GraphDesign(convolution((side, side, 1), 4)).reckon(context, link)
        blocks.append(made.chip.bram)
    assert blocks[0] <= blocks[1] < 20


def test_fifos_that_find_no_block_ram_leave_less_to_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers are folded again with as many block RAMs fewer as are missing; then the deepest FIFO is named."""
    context = context_of("ulx3s", tmp_path)
    link, design = shell_of(context.board).cost, GraphDesign(convolution((16, 16, 1), 4))
    left: list[int] = []
    fit, finished, over = graph_design.fit, graph_design.finished, [7, 0]

    def fitting(graph: Graph, limits: Resources, *rest: Any, **more: Any) -> Fitted:
        left.append(limits.blocks)
        return fit(graph, limits, *rest, **more)

    def deep(fitted: Fitted, *rest: Any) -> GraphCore:
        core = finished(fitted, *rest)
        return replace(core, resources=replace(core.resources, blocks=has + over.pop(0)))

    monkeypatch.setattr(graph_design, "fit", fitting)
    monkeypatch.setattr(graph_design, "finished", deep)
    own = graph_design.limits_of(context, link, design._stored(context, link, 1)).blocks
    has = own + graph_design._held_back(context)
    design.fold(context, link)
    assert min(left) == max(left) - 7
    over[:] = [5, 5, 5]
    with pytest.raises(TooLargeError, match=r"block RAMs where .* are free .* wait for another branch"):
        design.fold(context, link)


def test_beats_that_turn_in_a_circle_end_with_what_fitted_first() -> None:
    """A core beside memories of one width that takes another one, and back."""
    takes = {1: 4, 4: 2, 2: 4}

    def beside(lanes: int) -> Any:
        stream = SimpleNamespace(lanes=takes[lanes])
        netlist = SimpleNamespace(input=SimpleNamespace(stream=stream))
        return SimpleNamespace(netlist=netlist, resources=Resources(blocks=9), asked=lanes)

    for left, asked in ((8, 1), (9, 1)):
        found: Any = graph_design._beside_vectors(beside, lambda lanes, left=left: left)
        assert found.asked == asked
    found = graph_design._beside_vectors(beside, lambda lanes: 9 if lanes == 2 else 8)
    assert found.asked == 4


def test_answers_that_the_chip_keeps_take_block_ram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """784 bytes each: of those that are too many the error says by how many kilobits."""
    context, places = context_of("ulx3s", tmp_path), [0]
    link, design = shell_of(context.board).cost, GraphDesign(convolution((28, 28, 1), 4))
    monkeypatch.setattr(graph_design, "kept_in_chip", lambda asked: places[0])
    monkeypatch.setattr(Context, "recipe_shown", "a.yaml")
    before = design.reckon(context, link).chip
    places[0] = 8
    after = design.reckon(context, link).chip
    assert after.bram - before.bram >= 8 * 784 * 8 / 18 / 1024 and after.lut > before.lut
    places[0] = 1000
    with pytest.raises(
        TooLargeError, match=r"a\.yaml: decision\.memory: 1,000 answers do not fit: they take .* kbit"
    ) as error:
        design.reckon(context, link)
    took, lacks = (int(word.replace(",", "")) for word in re.findall(r"([\d,]+) (?:kbit|more)", str(error.value)))
    assert took > 1000 * 784 * 8 / 1024 and took > lacks > 0


def convolution(shape: tuple[int, ...], outputs: int) -> Graph:
    growing = Growing(np.random.default_rng(1), shape, -128, 127)
    growing.convolution(outputs)
    growing.graph.end("sums", growing.last)
    return growing.graph


def context_of(board: str, folder: Path) -> Context:
    request = Request(board, "net", file="net.onnx", flow="dataflow" if board == "zcu104" else "fpga_open")
    return Context("fold", request, Layout(request, folder), folder)
