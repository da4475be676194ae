"""A chip that keeps earlier answers: right ones, sooner where the input came before, and none of another threshold."""

from __future__ import annotations

from pathlib import Path

from hls.answer_memory import clocks
from hls.chip import generate_chip
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.pack import pack_inputs
from hls.simulate_chip import ChipSimulator
from tests.fast.toolchain.graph.staged_graphs import CLASSES, staged, vectors
from tests.sim.hls.graphs import smallest_of
from toolchain.device.link import protocol as link
from toolchain.device.link.answers import Values
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.graph.deciding import deciding
from toolchain.graph.execute import run_one

CLOCK_HZ, BAUD, PLACES = 12_000_000, 1_000_000, 3
GRAPH = staged(2, 4)
X = vectors(GRAPH, 4)
ORDER = [0, 1, 0, 2, 3, 1, 3, 0]
RECALLED = [False, False, True, False, False, False, True, False]


def answers(threshold: int) -> list[Values]:
    """What the reference answers to each vector."""
    made = deciding(GRAPH, CLASSES, [threshold])
    name = made.outputs[0].node
    return [tuple(row) for row in run_one(made, X, [name])[name].tolist()]


def test_a_chip_that_keeps_answers(tmp_path: Path) -> None:
    made = deciding(GRAPH, CLASSES, [0])
    netlist, tokens = with_depths(smallest_of(made), blocks=False)
    core = generate_graph_core(netlist, made, tmp_path, PLACES)
    rows = X.reshape(len(X), -1)
    names = generate_chip(
        core, tmp_path, clock_hz=CLOCK_HZ, baud=BAUD, bench=rows[:2], model_hash=bytes(8), build_id=bytes(8)
    )
    paths = [tmp_path / name for name in names]
    chip = ChipSimulator(paths, tmp_path / "work", clock_hz=CLOCK_HZ, baud=BAUD, optimise=False)
    board = SerialBoard(chip.port(), Patience(reply=0.02, quiet=0.003, tries=3))
    packed = [row.tobytes() for row in pack_inputs(rows, core.input_type)]
    (threshold,) = core.settings
    for value in (threshold.high, 0):
        board.set(threshold, value)
        found, right = board.inferences([packed[index] for index in ORDER]), answers(value)
        assert [one.values for one in found] == [right[index] for index in ORDER]
        taken = [one.cycles or 0 for one in found]
        soon = clocks(core.in_beats, PLACES) + core.output.beats
        assert [cycles <= soon for cycles in taken] == RECALLED
        assert max(taken) <= tokens.latency + clocks(core.in_beats, PLACES)
    # Two vectors in turn: after the first time round all answers are kept ones.
    board.infer(packed[2])
    bench = board.bench(20)
    assert bench.checksum == link.bench_checksum([core.output.layout.encode(values) for values in answers(0)[:2]], 20)
    board.close()
