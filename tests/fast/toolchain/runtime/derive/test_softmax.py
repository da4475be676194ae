"""The softmax of whole numbers in every variant, behind an output and before another node."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.runtime.derive.random_graphs import feeds
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, Softmax
from toolchain.graph.types import TensorType
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import STYLES, answers, made
from toolchain.runtime.session import open_session


@pytest.mark.parametrize("variant", STYLES)
@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize("shape", [(10,), (3, 2, 4)])
def test_it_answers_as_the_interpreter(shape: tuple[int, ...], opset: int, variant: str) -> None:
    graph = Graph()
    graph.add("x", Input(TensorType(shape, -128, 127)))
    graph.end("y", graph.add("soft", Softmax(0.09), "x"), 1 / 256, 0.5)
    graph.end("double", graph.add("twice", Add((2,)), "soft"), 2.0)
    x = feeds(graph, 20)
    wanted = run(graph, x)
    session = open_session(made(graph, variant, GraphSettings(opset)).model, RunOptions("all"))
    floats = {name: values.astype(np.float32) for name, values in x.items()}
    for output in graph.outputs:
        [found] = session.run([output.name], floats)
        np.testing.assert_array_equal(found, answers(output, wanted[output.node]))
