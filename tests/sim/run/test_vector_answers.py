"""A chip that answers with a vector of integers, from its core of units to the figures of a run."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from flows.stages.packing import write_golden
from flows.stages.rtl.reference import GraphReference
from hls.chip import generate_chip, played_inputs
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.virtual_board import Faults, VirtualBoard
from tests.sim.hls.axi.test_graph_chip import convolution
from tests.sim.hls.graphs import fastest_of, values_of
from toolchain.device.link.axi.selftest import run_self_test
from toolchain.device.link.golden import read_golden
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_package import PackedBoard
from toolchain.device.link.serial_port import SerialPort
from toolchain.report.run_table import run_table
from toolchain.run.testset import must_be_equal, run_test_set

CLOCK_HZ, BAUD, COUNT = 12_000_000, 1_000_000, 10
PATIENCE = Patience(reply=0.6, quiet=0.2)


@pytest.mark.parametrize("streamed", [False, True], ids=["held", "streamed"])
def test_a_graphs_answers_through_a_bad_line(streamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """45 bytes of input in parts of 10 at most, 64 bytes of answer; every element compared."""
    monkeypatch.setattr("hls.chip._PART_BYTES", 10)
    graph, rtl, package = convolution(), tmp_path / "rtl", tmp_path / "package"
    rtl.mkdir()
    package.mkdir()
    netlist, _ = with_depths(fastest_of(graph), blocks=True)
    core = generate_graph_core(netlist, graph, rtl)
    x = values_of(graph, np.random.default_rng(4), COUNT)
    reference = GraphReference(graph, core.output)
    flat = x.reshape(COUNT, -1)
    write_golden(package, reference, flat, None, played_inputs(core, flat[0])[None] if streamed else None)
    options = {"model_hash": bytes(8), "build_id": bytes(8), "streamed": streamed}
    stored = flat[: 0 if streamed else 3]
    sources = generate_chip(core, rtl, clock_hz=CLOCK_HZ, baud=BAUD, bench=stored, **options)  # type: ignore[arg-type]
    golden = read_golden(package)
    faults = Faults(bits=6e-5, seed=2)
    paths = [rtl / name for name in sources]
    with VirtualBoard(paths, tmp_path / "work", clock_hz=CLOCK_HZ, baud=BAUD, faults=faults) as virtual:
        board = PackedBoard(SerialPort(virtual.port, BAUD), {}, golden, PATIENCE)
        told = board.identify()
        result = run_test_set(board, golden, virtual=True, bench=8)
        findings = list(run_self_test(board, 8))
        board.close()
    must_be_equal(result)
    assert (told.input_type, told.input_shape, told.output_shape) == (core.input_type, (6, 5, 3), core.output.shape)
    assert (result.answers.what, result.answers.equal) == ("outputs", COUNT)
    assert result.traffic.sent > result.traffic.answered
    assert [d for finding in findings[1:4] for d in finding.differences] == []
    assert findings[2].summary == f"{COUNT} answers compared, {COUNT} equal"
    console = Console(width=100, record=True, file=StringIO())
    console.print(run_table(result))
    assert "outputs equal to the golden ones" in console.export_text()
