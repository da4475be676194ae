from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.graph_netlist import build_netlist
from hls.graph_ports import generate_graph_core
from hls.graph_stages import output_tensor, stages_of
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.types import TensorType


@pytest.mark.parametrize("multipliers", [True, False])
def test_a_core_says_whether_it_counts_on_multipliers(tmp_path: Path, multipliers: bool) -> None:
    graph = Graph()
    x = graph.add("x", Input(TensorType((4,), 0, 15)))
    y = graph.add("product", Linear(np.arange(-7, 1).reshape(4, 2), np.zeros(2, np.int64)), x)
    graph.end("y", y)
    (stage,) = stages_of(graph)
    option = next(option for option in stage.options if (option.needs.dsp > 0) == multipliers)
    netlist = build_netlist(graph, [stage], {stage.tensor: option}, output_tensor(graph))
    assert generate_graph_core(netlist, graph, tmp_path).multipliers == multipliers
