"""Values go into a graph's core and come out of it, whatever its codes count from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.graph_ports import TOP, generate_graph_core
from hls.pack import encode
from hls.simulate_stream import simulate_stream
from hls.stream import Stream, StreamCore
from tests.sim.hls.graphs import Growing, fastest_of, values_of
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear
from toolchain.graph.types import IntType, TensorType

AS_STREAMS = "as_streams"


def _dense(low: int, high: int, step: int = 1) -> Graph:
    """Four values to three sums."""
    graph = Graph()
    graph.add("x", Input(TensorType((4,), low, high, step)))
    graph.add("sums", Linear(np.array([[1, -2, 3], [0, 5, -1], [2, 2, 2], [-7, 1, 0]]), np.array([9, -4, 0])), "x")
    graph.end("sums", "sums")
    return graph


def _labelled() -> Graph:
    graph = _dense(0, 3)
    graph.add("label", ArgMax(), "sums")
    result = Graph()
    for node in graph:
        result.add(node.name, node.op, *node.inputs)
    result.end("label", "label")
    return result


def _residual() -> Graph:
    growing = Growing(np.random.default_rng(5), (3, 5, 2), -8, 7)
    growing.residual()
    return growing.end()


GRAPHS = {
    "whole range": _dense(-8, 7),
    "narrow range": _dense(-3, 4),
    "counts from one": _dense(1, 6),
    "bipolar": _dense(-1, 1, 2),
    "class": _labelled(),
    "residual": _residual(),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_values_in_and_values_out(tmp_path: Path, name: str) -> None:
    graph = GRAPHS[name]
    x = values_of(graph, np.random.default_rng(1), 40)
    x -= (x - graph.types[graph.sole_input].element.low) % graph.types[graph.sole_input].element.step
    netlist = fastest_of(graph)
    core = generate_graph_core(netlist, graph, tmp_path)
    answer = core.output
    (tmp_path / f"{AS_STREAMS}.v").write_text(_as_streams(core.in_width, answer.width))
    bits = IntType.of(core.input_type).bits
    lanes = core.in_width // bits
    source = Stream("in", "in", core.in_beats * lanes, bits, False, lanes, core.in_width)
    sink = Stream("out", "out", answer.elements, answer.bits, answer.signed, answer.elements_per_beat, answer.width)
    streams = StreamCore(
        AS_STREAMS, (*core.sources, f"{AS_STREAMS}.v"), source, (sink,), core.initiation_interval, "clk", "rst_n"
    )
    end = graph.outputs[0].node
    expected = run(graph, {graph.sole_input: x})[end].reshape(len(x), -1)
    entered = encode(x.reshape(len(x), -1), core.input_type)
    found = simulate_stream(streams, tmp_path, entered, [expected], tmp_path / "work", optimise=False)

    assert found.first_difference is None
    assert (answer.classes, answer.elements) == ((3, 1) if name == "class" else (None, expected.shape[1]))


def _as_streams(in_width: int, out_width: int) -> str:
    return f"""module {AS_STREAMS} (
    input clk, input rst_n,
    input [{in_width - 1}:0] in_tdata, input in_tvalid, output in_tready,
    output [{out_width - 1}:0] out_tdata, output out_tvalid, input out_tready
);
    {TOP} core (
        .clk(clk), .rst(!rst_n), .in_data(in_tdata), .in_valid(in_tvalid), .in_ready(in_tready),
        .out_data(out_tdata), .out_valid(out_tvalid), .out_ready(out_tready)
    );
endmodule
"""
