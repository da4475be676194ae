"""What a file takes on a board is reckoned as a build folds it, and refused in the words of the build."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from flows.reckon import reckon
from flows.stages.context import Context
from flows.stages.rtl import fold
from tests.fast.hls.networks import Shape, random_network
from tests.fast.toolchain.runtime.network_file.files import conv_tflite, dense_qonnx
from toolchain.cli.check import check
from toolchain.errors import FitError
from toolchain.graph.file.store import save_graph
from toolchain.graph.graph import Graph
from toolchain.layout import Layout, Request

# More weights than the four large RAMs of the iCEBreaker hold.
LARGE = Shape("UINT8", 512, (512, 128, 4), "int4", 3)


def _context(folder: Path, board: str, graph: Graph) -> Context:
    layout = Layout(Request(board, "cqmlp"), folder)
    layout.stage("streamline").mkdir(parents=True)
    save_graph(graph, layout.stage("streamline") / "integer.onnx")
    return Context("fold", layout.request, layout, folder)


@pytest.mark.parametrize(("write", "core"), [(dense_qonnx, "folded"), (conv_tflite, "units")])
def test_a_small_network_fits(tmp_path: Path, write: object, core: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(write(tmp_path / "net"), "ulx3s", True)  # type: ignore[operator]
    (verdict,) = json.loads(capsys.readouterr().out)["boards"]
    estimate = verdict["estimate"]
    assert (verdict["takes"], estimate["core"]) == (True, core)
    assert 0 < estimate["chip"]["lut"] < estimate["board"]["lut"] == 83640
    assert estimate["fps"] == pytest.approx(25e6 / estimate["interval"])
    layers = estimate["layers"]
    assert 0 < sum(layer["lut"] for layer in layers) < estimate["chip"]["lut"]
    assert max(layer["cycles"] for layer in layers) <= estimate["interval"]


def test_a_build_tells_what_would_do(tmp_path: Path) -> None:
    context = _context(tmp_path, "icebreaker", random_network(LARGE, 1).graph)
    with pytest.raises(FitError) as refused:
        fold.run(context)
    said = str(refused.value)
    assert said.startswith(
        "cqmlp on icebreaker, 10000/s at 12 MHz: the network does not fit: even the smallest folding needs"
    )
    assert "its largest layer is fc0 with" in said
    assert re.search(r"; weights of [23] bits would fit; the nearest board that holds it is ulx3s \(estimated\)$", said)


def test_check_tells_the_same(tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shared_data / "onnx/qonnx-model-zoo/kwsmlp_w3a3.onnx"
    with pytest.raises(typer.Exit):
        check(file, "tangnano9k", True)
    (verdict,) = json.loads(capsys.readouterr().out)["boards"]
    assert verdict["why"].endswith("the nearest board that holds it is icebreaker (estimated)")
    assert verdict == reckon(file, "tangnano9k", "fpga_open").model_dump(mode="json")
