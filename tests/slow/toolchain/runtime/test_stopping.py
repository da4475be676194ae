"""Both runners: thresholds that are changed without another graph, and a memory of earlier answers."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, decides, nested, staged, vectors
from toolchain.errors import ModelError
from toolchain.graph.deciding import deciding, thresholds_of, thresholds_of_width
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.readers.source import Port, Source
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compiled_graph import compiled_graph
from toolchain.runtime.derive.graphs import answers
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.operator_library import library_beside, write_operator

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Made:
    """A network of stages, the same as a network that decides, its graphs by name, and inputs."""

    staged: Graph
    decides: Graph
    graphs: dict[str, Path]
    x: Array


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    graph = staged(3)
    x = vectors(graph, 80)
    return _made(graph, decides(graph, x), x, tmp_path_factory.mktemp("graphs"))


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Made:
    graph = nested()
    network = deciding(graph, CLASSES, (1, 1), WIDTHS)
    return _made(graph, network, vectors(graph, 40), tmp_path_factory.mktemp("slim"))


def _made(graph: Graph, network: Graph, x: Array, folder: Path) -> Made:
    floats = np.dtype(np.float32)
    source = Source("QONNX", network, (Port("x", (6, 5, 2), floats),), (Port("logits", (CLASSES + 1,), floats),))
    graphs = {"fp32": folder / "fp32.onnx", "compiled": folder / "compiled.onnx"}
    onnx.save(whole_makers(source, GraphSettings(17))["fp32"](), str(graphs["fp32"]))
    found = compiled_graph(source, GraphSettings(17))
    onnx.save(found.model, str(graphs["compiled"]))
    write_operator(found.source, found.ends, "x86_64", library_beside(graphs["compiled"], "x86_64"))
    return Made(graph, network, graphs, x)


def _asked(words: list[str], made: Made, graph: str, x: Array, folder: Path, *more: str) -> tuple[Array, Any]:
    x.astype(np.float32).tofile(folder / "x.bin")
    files = ["--inputs", folder / "x.bin", "--answers", folder / "y.bin", "--json", folder / "said.json"]
    command = [*words, "--model", made.graphs[graph], *files, *more]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    said = json.loads((folder / "said.json").read_text())
    return np.fromfile(folder / "y.bin", np.float32).reshape(len(x), -1), said


def _wanted(graph: Graph, x: Array) -> Array:
    (end,) = graph.outputs
    return answers(end, run_one(graph, x)[end.node])


@pytest.mark.parametrize("graph", ["fp32", "compiled"])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_thresholds_are_those_asked_for(
    made: Made, runners: dict[str, list[str]], runner: str, graph: str, tmp_path: Path
) -> None:
    first, second = thresholds_of(made.decides)
    for thresholds in ((first, second), (first + 5, second), (0, 0), (first, second + 7)):
        words = [f"--threshold={stage}={lead}" for stage, lead in enumerate(thresholds, 1)]
        found, _ = _asked(runners[runner], made, graph, made.x, tmp_path, *words)
        np.testing.assert_array_equal(found, _wanted(deciding(made.staged, CLASSES, thresholds), made.x))


@pytest.mark.parametrize("graph", ["fp32", "compiled"])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_width_is_the_one_asked_for(
    slim: Made, made: Made, runners: dict[str, list[str]], runner: str, graph: str, tmp_path: Path
) -> None:
    for width in WIDTHS:
        found, _ = _asked(runners[runner], slim, graph, slim.x, tmp_path, "--width", str(width))
        thresholds = thresholds_of_width(WIDTHS, width)
        np.testing.assert_array_equal(found, _wanted(deciding(slim.staged, CLASSES, thresholds, WIDTHS), slim.x))
    for network, said in ((slim, "it was trained for 25, 50, 100 %"), (made, "it has no widths to choose from")):
        words = [*runners[runner], "--model", str(network.graphs[graph]), "--width", "60"]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 1 and said in done.stderr


@pytest.mark.parametrize("graph", ["fp32", "compiled"])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_threshold_that_is_not_there_is_refused(
    made: Made, runners: dict[str, list[str]], runner: str, graph: str
) -> None:
    words = [*runners[runner], "--model", str(made.graphs[graph]), "--threshold"]
    for word, said in (("3=5", "it has thresholds of stages 1 to 2"), ("two", "STAGE=LEAD is needed")):
        done = subprocess.run([*words, word], capture_output=True, text=True)
        assert done.returncode == 1 and said in done.stderr


@pytest.mark.parametrize("places", [1, 7, 40, 1000])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_memory_gives_earlier_answers_of_the_same_input(
    made: Made, runners: dict[str, list[str]], runner: str, places: int, tmp_path: Path
) -> None:
    rows = np.random.default_rng(places).integers(0, len(made.x), 400)
    x = made.x[rows]
    found, said = _asked(runners[runner], made, "compiled", x, tmp_path, "--memory", str(places))

    np.testing.assert_array_equal(found, _wanted(made.decides, x))
    assert said["memory"] == {"places": places, "asked": 400, "recalled": _recalled(x, places)}


@pytest.mark.parametrize(("asked", "places"), [((), 7), (("--memory", "0"), 0), (("--memory", "3"), 3)])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_model_says_how_many_answers_are_kept_unless_another_number_is_asked_for(
    made: Made, runners: dict[str, list[str]], runner: str, asked: tuple[str, ...], places: int, tmp_path: Path
) -> None:
    model = onnx.load(made.graphs["fp32"])
    model.metadata_props.add(key="gateweave.memory", value="7")
    onnx.save(model, tmp_path / "fp32.onnx")
    x = made.x[np.random.default_rng(3).integers(0, 12, 100)]
    told = replace(made, graphs={"fp32": tmp_path / "fp32.onnx"})
    found, said = _asked(runners[runner], told, "fp32", x, tmp_path, *asked)
    np.testing.assert_array_equal(found, _wanted(made.decides, x))
    kept = {"places": places, "asked": 100, "recalled": _recalled(x, places)} if places else None
    assert said.get("memory") == kept


def _recalled(x: Array, places: int) -> int:
    """As often as an input is among the last so many different ones."""
    recent: list[bytes] = []
    count = 0
    for row in x:
        key = row.tobytes()
        count += key in recent
        recent = [*(one for one in recent if one != key), key][-places:]
    return count


@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_memory_needs_a_batch_of_one(made: Made, runners: dict[str, list[str]], runner: str) -> None:
    words = ["--model", str(made.graphs["fp32"]), "--batch", "4", "--memory", "9"]
    done = subprocess.run([*runners[runner], *words], capture_output=True, text=True)
    assert done.returncode == 1 and "--memory 9: a batch of 1 is needed, not of 4" in done.stderr


@pytest.mark.parametrize("graph", ["fp32", "compiled"])
@pytest.mark.parametrize("runner", ["c", "python"])
def test_a_loop_goes_through_all_inputs_where_their_time_differs(
    made: Made, runners: dict[str, list[str]], runner: str, graph: str, tmp_path: Path
) -> None:
    """A memory of two places recalls nothing of 80 inputs in turn; of one input it would recall all."""
    words = ["--memory", "2", "--seconds", "0.2", "--warmup", "0"]
    _, said = _asked(runners[runner], made, graph, made.x[:80], tmp_path, *words)
    answered = 80 + said["loop"]["inferences"]
    assert said["memory"]["asked"] == answered > 400 and said["memory"]["recalled"] < answered / 100


def test_float16_is_left_out_where_its_branches_end_the_runtime() -> None:
    floats = np.dtype(np.float32)
    graph = staged(2)
    network = decides(graph, vectors(graph, 40))
    ports = (Port("x", (6, 5, 2), floats),), (Port("logits", (CLASSES + 1,), floats),)
    source = Source("QONNX", network, *ports)
    with pytest.raises(ModelError, match="dies of a branch in float16 below opset 16"):
        whole_makers(source, GraphSettings(13))["fp16"]()
    assert whole_makers(source, GraphSettings(16))["fp16"]().graph.node
