"""What answers for a chip gives whole answers, and tells what an integer is worth."""

from __future__ import annotations

import numpy as np

from flows.stages.rtl.reference import GraphReference
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.types import TensorType
from toolchain.results.core import CoreDescription, CoreOutput

CORE = CoreDescription("units", (), (), "INT4", 8, 8, 1, CoreOutput(3, 8, True, 1, None), 4, ())


def test_a_graph_answers_with_its_integers_and_their_scale() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((1, 2), -8, 7)))
    graph.add("sums", Linear(np.array([[1, 2, 3], [-1, 0, 1]]), np.array([0, 5, 0])), "x")
    graph.end("y", "sums", 0.25, 1.5)
    reference = GraphReference(graph, CORE.output)
    assert reference.run(np.array([[2, 3], [-8, 7]])).tolist() == [[-1, 9, 9], [-15, -11, -17]]
    assert reference.scaling == (0.25, 1.5)
    assert (reference.input_type, reference.output) == ("INT4", CORE.output)
