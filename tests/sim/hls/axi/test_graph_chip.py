"""The AXI chip around a core of units: whole answers of a graph, some of which begin before the vector has ended."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import hls
from hls.axi_chip import generate_axi_chip
from hls.chip import vector_bytes
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.pack import pack_inputs
from hls.simulate_axi import AxiChipSimulator, Bench, Burst, Identity, Inference, Script
from tests.sim.hls.axi.shapes import CLOCK_HZ
from tests.sim.hls.graphs import Growing, fastest_of, values_of
from toolchain.device.link.protocol import bench_checksum
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph


def convolution() -> Graph:
    """Sums of each position: more bytes than the core has cycles for, the first of them long before the last input."""
    growing = Growing(np.random.default_rng(3), (6, 5, 3), -8, 7)
    growing.convolution(4)
    growing.graph.end("sums", growing.last)
    return growing.graph


def test_answers_of_a_graph(tmp_path: Path) -> None:
    graph = convolution()
    netlist, _ = with_depths(fastest_of(graph), blocks=True)
    core = generate_graph_core(netlist, graph, tmp_path)
    x = values_of(graph, np.random.default_rng(4), 12).reshape(12, -1)
    (end,) = graph.outputs
    right = run_one(graph, x.reshape(12, 6, 5, 3), [end.node])[end.node].reshape(12, -1)
    sources = generate_axi_chip(
        core, tmp_path, clock_hz=CLOCK_HZ, model_hash=bytes(8), build_id=bytes(8), bench=x[:3], data_bits=32
    )
    packed = pack_inputs(x, core.input_type)
    chip = AxiChipSimulator(
        [tmp_path / name for name in sources],
        tmp_path / "work",
        vector_bytes=vector_bytes(core),
        data_bits=32,
        optimise=False,
    )
    script = Script(core.output.layout).identify().burst(packed).burst(packed, stalls=5).burst(packed, cut=1)
    script.infer(packed[0].tobytes()).bench(7)
    identity, burst, stalled, damaged, inference, bench = chip.play(script).answers
    answers = [tuple(row) for row in right.tolist()]
    assert core.initiation_interval < core.output.layout.size == 2 * right.shape[1]
    assert isinstance(identity, Identity)
    assert (identity.input.shape, identity.output.shape) == ((6, 5, 3), graph.types[end.node].shape)
    assert isinstance(burst, Burst) and isinstance(stalled, Burst) and isinstance(damaged, Burst)
    assert burst.answers == stalled.answers == tuple(answers)
    assert damaged.answers == (*answers[:-1], None)
    assert isinstance(inference, Inference) and inference.values == answers[0]
    assert isinstance(bench, Bench) and bench.values == answers[0]
    assert bench.checksum == bench_checksum([row.astype("<i2").tobytes() for row in right[:3]], 7)


def test_every_module_that_a_source_names_is_a_source(tmp_path: Path) -> None:
    """Also those that its parameters leave out: Vivado need not do without them."""
    graph = convolution()
    core = generate_graph_core(fastest_of(graph), graph, tmp_path)
    bench = values_of(graph, np.random.default_rng(4), 1).reshape(1, -1)
    sources = generate_axi_chip(
        core, tmp_path, clock_hz=CLOCK_HZ, model_hash=bytes(8), build_id=bytes(8), bench=bench, data_bits=32
    )
    known = {path.stem for path in Path(hls.__file__).with_name("rtl").glob("*.v")}
    for name in sources:
        code = re.sub(r"//.*", "", (tmp_path / name).read_text())
        named = {word for word in re.findall(r"^\s*(\w+) (?:#\(|\w+ \()", code, re.MULTILINE) if word in known}
        assert {f"{word}.v" for word in named} <= set(sources), name
