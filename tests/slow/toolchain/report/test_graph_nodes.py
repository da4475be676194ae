"""The graph that a page draws of a network's file for processors, and what it says where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fast.toolchain.runtime.network_file.files import conv_tflite, dense_qonnx
from toolchain.graph.graph import Graph
from toolchain.layout import Layout, Request
from toolchain.report.graph_nodes import ToldGraph, graph_of, told
from toolchain.report.page import graph_drawing as page
from toolchain.runtime.network_file.opening import open_network


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(Request("host", "net", flow="ort", file="/net.onnx"), tmp_path / "build")
    made.stage("load").mkdir(parents=True)
    return made


@pytest.mark.parametrize(("write", "name"), [(dense_qonnx, "model.onnx"), (conv_tflite, "model.tflite")])
def test_a_file_that_holds_integers_is_drawn(write: object, name: str, layout: Layout, tmp_path: Path) -> None:
    given = write(tmp_path / "net")  # type: ignore[operator]
    shutil.copyfile(given, layout.stage("load") / name)
    found, graph = graph_of(layout, ["load"]), open_network(given).source.graph
    assert isinstance(graph, Graph)
    assert list(found.nodes) == told(graph) and found.why == ""


def test_one_that_cannot_be_read_is_named_with_the_reason(layout: Layout) -> None:
    (layout.stage("load") / "model.onnx").write_bytes(b"no network")
    found = graph_of(layout, ["load"])
    assert (found.nodes, found.file) == ((), "net/file-" + found.file.split("file-")[1])
    assert found.file.endswith("load/model.onnx") and found.why
    assert str(layout.root) not in found.why
    drawing = page.graph_drawing(SimpleBuild(layout))  # type: ignore[arg-type]
    assert drawing.svg is None
    assert drawing.why.startswith(f"{found.file} cannot be read as integers: ")


def test_a_build_without_a_graph_says_nothing(layout: Layout) -> None:
    assert graph_of(layout, ["load"]) == ToldGraph()


class SimpleBuild:
    """As much of a build as the drawing asks for."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.seconds = layout, {"load": 1.0}


def test_a_graph_of_too_many_nodes_is_for_a_viewer(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(dense_qonnx(tmp_path / "net"), layout.stage("load") / "model.onnx")
    monkeypatch.setattr(page, "MOST", 1)
    assert "too many for a page: open it in Netron" in page.graph_drawing(SimpleBuild(layout)).why  # type: ignore[arg-type]
