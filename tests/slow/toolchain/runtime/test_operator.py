"""A network as one operator of ONNX Runtime: its answers by the API and both runners, and what is refused."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.readers.source import Port, Source
from toolchain.graph.types import TensorType
from toolchain.results.device import COMPILED
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compiled_graph import compiled_graph
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.operator_library import library_beside, make_known, operator_of, write_operator
from toolchain.runtime.session import open_session, run_session


@dataclass(frozen=True)
class Made:
    """A network's graph of one operator with its library beside it, and vectors with the interpreter's answers."""

    path: Path
    x: np.ndarray
    answers: np.ndarray


def _file(path: Path, seed: int, kind: type[np.generic]) -> Path:
    """A matrix product of int8 codes that come and go as they are, or as floats."""
    random, whole = np.random.default_rng(seed), kind is np.int8
    element = TensorProto.INT8 if whole else TensorProto.FLOAT
    source, sink = (helper.make_tensor_value_info(n, element, ["n", s]) for n, s in (("x", 21), ("y", 18)))
    nodes = [
        helper.make_node("DequantizeLinear", ["x" if whole else "q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["v"]),
        helper.make_node("MatMul", ["d", "v"], ["m"]),
        helper.make_node("QuantizeLinear", ["m", "s", "z"], ["y" if whole else "r"]),
    ]
    if not whole:
        nodes.insert(0, helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]))
        nodes.append(helper.make_node("DequantizeLinear", ["r", "s", "z"], ["y"]))
    constants = [
        numpy_helper.from_array(np.array(0.25, np.float32), "s"),
        numpy_helper.from_array(np.array(0, np.int8), "z"),
        numpy_helper.from_array(random.integers(-9, 10, (21, 18)).astype(np.int8), "w"),
    ]
    graph = helper.make_graph(nodes, "g", [source], [sink], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def _made(folder: Path, seed: int, kind: type[np.generic] = np.int8) -> Made:
    folder.mkdir()
    opened = open_network(_file(folder / "file.onnx", seed, kind))
    found = compiled_graph(opened.source, GraphSettings(13))
    path = folder / f"{COMPILED}.onnx"
    onnx.save(found.model, str(path))
    library = library_beside(path, "x86_64")
    make_known(write_operator(found.source, found.ends, "x86_64", library), library)
    x = np.random.default_rng(seed).integers(-128, 128, (50, 21)).astype(kind)
    if kind is np.float32:
        x = x * np.float32(0.3)
    return Made(path, x, outputs_of(opened.source, integers_of(opened.source, x)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _made(tmp_path_factory.mktemp("operator") / "one", 1)


@pytest.mark.parametrize("batch", [1, 7])
def test_its_answers_are_the_interpreters(made: Made, batch: int) -> None:
    model = onnx.load(made.path)
    assert [node.op_type for node in model.graph.node] == [operator_of(model)]
    np.testing.assert_array_equal(run_session(open_session(model), made.x, batch), made.answers)


def test_floats_around_the_integers_stay_the_files_own(tmp_path: Path) -> None:
    made = _made(tmp_path / "floats", 3, np.float32)
    found = run_session(open_session(onnx.load(made.path)), made.x, 7)
    np.testing.assert_array_equal(found, made.answers)
    assert found.dtype == np.float32


@pytest.mark.parametrize("runner", ["c", "python"])
def test_runners_take_the_library_from_beside_the_graph(
    made: Made, runners: dict[str, list[str]], runner: str, tmp_path: Path
) -> None:
    made.x.tofile(tmp_path / "x.bin")
    words = ["--model", str(made.path), "--inputs", str(tmp_path / "x.bin"), "--answers", str(tmp_path / "y.bin")]
    subprocess.run([*runners[runner], *words], check=True, capture_output=True)
    found = np.fromfile(tmp_path / "y.bin", made.answers.dtype).reshape(made.answers.shape)
    np.testing.assert_array_equal(found, made.answers)


@pytest.mark.parametrize("runner", ["c", "python"])
def test_runners_refuse_the_library_of_another_network(
    made: Made, runners: dict[str, list[str]], runner: str, tmp_path: Path
) -> None:
    other = _made(tmp_path / "other", 2)
    wrong = library_beside(made.path, "x86_64").read_bytes()
    library_beside(other.path, "x86_64").unlink()
    library_beside(other.path, "x86_64").write_bytes(wrong)
    done = subprocess.run([*runners[runner], "--model", str(other.path)], capture_output=True, text=True)
    name = operator_of(onnx.load(made.path))
    assert done.returncode == 1
    assert f"it holds {name}, another network than {other.path}; take both from one package" in done.stderr


@pytest.mark.parametrize("value", [1.5, 300.0, np.nan, np.inf])
def test_what_the_network_does_not_take_is_refused(tmp_path: Path, value: float) -> None:
    """Floats that should be whole numbers, as networks of ours take them."""
    graph = Graph()
    graph.add("x", Input(TensorType((21,), -128, 127)))
    graph.add("sums", Linear(np.ones((21, 2), np.int64), np.zeros(2, np.int64)), "x")
    graph.end("y", "sums", 0.5)
    floats = np.dtype(np.float32)
    source = Source("QONNX", graph, (Port("x", (21,), floats),), (Port("y", (2,), floats),))
    found = compiled_graph(source, GraphSettings(13))
    library = tmp_path / "library.so"
    make_known(write_operator(found.source, found.ends, "x86_64", library), library)
    session, x = open_session(found.model), np.full((3, 21), -128, np.float32)
    np.testing.assert_array_equal(run_session(session, x), np.full((3, 2), -64 * 21, np.float32))
    x[1, 20] = value
    with pytest.raises(ModelError, match="an input holds what the network does not take"):
        run_session(session, x)


def test_a_library_nobody_made_known_is_missed_by_its_name(made: Made) -> None:
    model = onnx.load(made.path)
    model.graph.node[0].op_type = "Network_0000000000000000"
    with pytest.raises(ModelError, match="Network_0000000000000000"):
        open_session(model)
