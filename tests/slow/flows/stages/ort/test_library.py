"""What the library stage makes of a file: C of whole numbers that has been compared, or why there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from flows.stages.context import Context
from flows.stages.ort import graphs, library
from tests.fast.flows.stages.ort.foreign import following, loaded
from toolchain.errors import VerificationError
from toolchain.kernels import quick
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.results.facts import LibraryFacts
from toolchain.results.record import StageRecord, write_record


def _constant(name: str, values: object, dtype: type) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype), name)


def _integers(path: Path, weights: object = ((3, -2), (1, 5), (-4, 0), (2, 2))) -> Path:
    """A matrix product of quantised values; float ones if no weights are given."""
    source, sink = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 4), ("y", 2)))
    if weights is None:
        nodes, constants = [helper.make_node("MatMul", ["x", "w"], ["y"])], [_constant("w", np.eye(4, 2), np.float32)]
    else:
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "sx", "zx"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "sx", "zx"], ["d"]),
            helper.make_node("DequantizeLinear", ["w", "sw", "zx"], ["v"]),
            helper.make_node("MatMul", ["d", "v"], ["s"]),
            helper.make_node("QuantizeLinear", ["s", "sx", "zx"], ["r"]),
            helper.make_node("DequantizeLinear", ["r", "sx", "zx"], ["y"]),
        ]
        constants = [
            _constant("sx", 0.5, np.float32),
            _constant("zx", 0, np.int8),
            _constant("sw", 0.25, np.float32),
            _constant("w", weights, np.int8),
        ]
    graph = helper.make_graph(nodes, "g", [source], [sink], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def _behind_graphs(folder: Path, file: Path) -> Context:
    context = loaded(folder / "build", "graphs", file)
    facts = graphs.run(context).facts
    write_record(context.layout.record("graphs"), StageRecord(stage="graphs", seconds=1.0, outputs={}, facts=facts))
    return following(context, "library")


def test_a_network_of_integers_becomes_c_that_was_compared(tmp_path: Path) -> None:
    context = _behind_graphs(tmp_path, _integers(tmp_path / "net.onnx"))
    outcome = library.run(context)
    assert isinstance(outcome.facts, LibraryFacts) and outcome.facts.left_out is None
    check = outcome.checks["library"]
    assert (check.compared, check.equal, check.what, check.vectors) == (1000, 1000, "outputs", "random")
    assert outcome.facts.packed == 1000 and (context.out / "vectors.bin").stat().st_size == 4000
    assert {"model.h", "model.c", "Makefile", "README.md"} <= {path.name for path in context.out.iterdir()}


def test_a_float_network_has_none_and_says_why(tmp_path: Path) -> None:
    context = _behind_graphs(tmp_path, _integers(tmp_path / "net.onnx", None))
    outcome = library.run(context)
    assert isinstance(outcome.facts, LibraryFacts) and outcome.facts.left_out
    assert outcome.summary == f"none: {outcome.facts.left_out}" and not outcome.checks
    assert not list(context.out.iterdir())


def test_another_answer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CompiledNetwork.run

    def wrong(self: CompiledNetwork, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = run(self, feeds)
        next(iter(found.values()))[7] ^= 1
        return found

    monkeypatch.setattr(CompiledNetwork, "run", wrong)
    context = _behind_graphs(tmp_path, _integers(tmp_path / "net.onnx"))
    with pytest.raises(VerificationError, match="vector 7: output y/codes: the compiled C answers otherwise"):
        library.run(context)


def test_an_answer_that_the_interpreter_was_not_asked_for_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CompiledNetwork.run

    def wrong(self: CompiledNetwork, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = run(self, feeds)
        next(iter(found.values()))[7] ^= 1
        return found

    context = _behind_graphs(tmp_path, _integers(tmp_path / "net.onnx"))
    monkeypatch.setattr(quick, "SAMPLE", 5)
    monkeypatch.setattr(CompiledNetwork, "run", wrong)
    with pytest.raises(VerificationError, match="library: vector 7: the C answers otherwise than the integer graph"):
        library.run(context)
