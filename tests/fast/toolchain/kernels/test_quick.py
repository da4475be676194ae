"""Many vectors answered by compiled C: as the interpreter does, and by it where the C is wrong, or there is none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import feeds_of
from toolchain.errors import ModelError, VerificationError
from toolchain.graph import execute
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Threshold
from toolchain.graph.types import TensorType
from toolchain.kernels import quick
from toolchain.kernels.compiled import CompiledNetwork

_ROWS = 2500


@pytest.fixture
def graph() -> Graph:
    random, graph = np.random.default_rng(3), Graph()
    graph.add("x", Input(TensorType((6,), -5, 7)))
    graph.add("sums", Linear(random.integers(-9, 10, (6, 4)), random.integers(-3, 4, 4)), "x")
    graph.add("codes", Threshold(np.sort(random.integers(-60, 60, (4, 9)))), "sums")
    graph.end("y", "codes")
    return graph


@pytest.mark.parametrize("keep", [None, ["sums", "x"]])
def test_many_vectors_are_answered_by_c(graph: Graph, keep: list[str] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds, asked = feeds_of(graph, 0, _ROWS), []
    expected, interpret = execute.run(graph, feeds, keep), execute.run
    monkeypatch.setattr(execute, "run", lambda g, x, k=None: asked.append(len(x["x"])) or interpret(g, x, k))
    found = quick.run(graph, feeds, keep)
    assert asked == [quick.SAMPLE] and found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_c_that_answers_otherwise_is_refused(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CompiledNetwork.run

    def wrong(self: CompiledNetwork, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = run(self, feeds)
        found["codes"][1200:1210] ^= 1
        return found

    monkeypatch.setattr(CompiledNetwork, "run", wrong)
    with pytest.raises(VerificationError, match="vector 1200: output codes: the compiled C answers otherwise"):
        quick.run(graph, feeds_of(graph, 0, _ROWS))


def test_without_a_compiler_the_interpreter_answers_and_it_is_told(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    feeds, told = feeds_of(graph, 0, _ROWS), []
    found = quick.run(graph, feeds, told=told.append)
    np.testing.assert_array_equal(found["codes"], execute.run(graph, feeds)["codes"])
    assert len(told) == 1 and told[0].startswith(
        "2,500 vectors by the interpreter, since there is no compiled C: no-such"
    )


def test_a_value_beyond_its_type_is_named_as_the_interpreter_does(graph: Graph) -> None:
    feeds = feeds_of(graph, 0, _ROWS)
    feeds["x"][2000, 3] = 263
    with pytest.raises(ModelError, match="input 'x', vector 2000, element 3 is 263"):
        quick.run(graph, feeds)
