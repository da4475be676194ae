"""An AXI chip without windows, asked as each build asks it; its core writes a row of padding before the first input."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages import files
from flows.stages.rtl import chip_answers
from flows.stages.rtl.axi_check import StreamedAxiCheck
from flows.stages.rtl.reference import GraphReference
from hls import axi_chip
from hls.axi_chip import generate_axi_chip
from hls.chip import vector_bytes
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.simulate_axi import AxiChipSimulator
from tests.sim.hls.axi.shapes import CLOCK_HZ
from tests.sim.hls.graphs import Growing, fastest_of, values_of
from toolchain.errors import VerificationError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear
from toolchain.graph.ops.moves import window

VECTORS = 3


def padded() -> Graph:
    """A wide picture of few rows, with a border."""
    growing = Growing(np.random.default_rng(3), (3, 700, 1), 0, 7)
    ends = ((3, 3), (1, 1), (1, 1), (1, 1), (1, 1))
    taken = growing.add(window(*ends, 0), growing.last)
    sums = Linear(growing.random.integers(-3, 4, (9, 2)), np.zeros(2, np.int64), 1, 9)
    growing.graph.end("sums", growing.add(sums, taken))
    return growing.graph


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreamedAxiCheck, AxiChipSimulator]:
    folder = tmp_path_factory.mktemp("streamed")
    graph = padded()
    netlist, _ = with_depths(fastest_of(graph), blocks=True)
    core = generate_graph_core(netlist, graph, folder)
    x = values_of(graph, np.random.default_rng(4), VECTORS).reshape(VECTORS, -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(axi_chip, "windows_hold", lambda burst_bytes, answer_bytes: False)
        identity = {"model_hash": b"m" * 8, "build_id": b"b" * 8}
        names = generate_axi_chip(core, folder, clock_hz=CLOCK_HZ, bench=x[:1], data_bits=64, **identity)
    chip: Any = SimpleNamespace(core=core, **identity)
    sources = [folder / name for name in names]
    simulator = AxiChipSimulator(
        sources, folder / "work", vector_bytes=vector_bytes(core), data_bits=64, optimise=False
    )
    return StreamedAxiCheck(x, chip, GraphReference(graph, core.output), x, x[:0]), simulator  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "vector_kind", lambda context: "random")
    monkeypatch.setattr(files, "golden_inputs", lambda context: context)
    monkeypatch.setattr(chip_answers, "clock_hz", lambda context: CLOCK_HZ)
    monkeypatch.setattr(chip_answers, "_BENCH_CLOCKS", 20_000)


def test_right_answers_and_one_latency(made: tuple[StreamedAxiCheck, AxiChipSimulator]) -> None:
    check, simulator = made
    asked = check.run(simulator)
    assert asked.checks["chip"].compared == asked.checks["chip"].equal == VECTORS
    assert asked.checks["bursts"].compared == 2 * VECTORS


def test_a_wrong_answer_is_named(made: tuple[StreamedAxiCheck, AxiChipSimulator]) -> None:
    check, simulator = made

    class Other(GraphReference):
        def run(self, x: Any) -> Any:
            return np.roll(super().run(x), 1, axis=1)

    other = Other(check.reference.graph, check.reference.output)  # type: ignore[attr-defined]
    wrong = StreamedAxiCheck(check.context, check.chip, other, check.x, check.bench)
    with pytest.raises(VerificationError, match="burst of one: input 0: element"):
        wrong.run(simulator)
