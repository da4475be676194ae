"""A chip that loads weights from its flash, through its UART pins: right answers, or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hls.chip import generate_chip
from hls.graph_netlist import build_netlist
from hls.graph_ports import generate_graph_core
from hls.graph_stages import output_tensor, stages_of
from hls.loading import BOARD, start_clocks, write_board
from hls.pack import pack_inputs
from hls.simulate_chip import ChipSimulator, Script
from hls.simulate_graph import simulate_graph
from hls.virtual_board import Faults, VirtualBoard
from toolchain.device.link import protocol as link
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_port import open_serial
from toolchain.errors import ConfigError
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear, Threshold
from toolchain.graph.types import TensorType
from toolchain.results.core import CoreDescription

CLOCK_HZ, BAUD, OFFSET = 12_000_000, 1_000_000, 0x20000
RNG = np.random.default_rng(8)
X = 15 * RNG.integers(0, 2, (40, 24))
IDENTITY = {"model_hash": bytes(8).hex(), "build_id": bytes(8).hex()}


def dense() -> Graph:
    """Two products, both of whose weights are loaded."""
    graph = Graph()
    graph.add("x", Input(TensorType((24,), 0, 15)))
    graph.add("sums", Linear(RNG.integers(-8, 8, (24, 16)), RNG.integers(-300, 300, 16), 1, 1), "x")
    graph.add("codes", Threshold(60 * np.arange(-7, 8)[None]), "sums")
    graph.add("scores", Linear(RNG.integers(-8, 8, (16, 6)), RNG.integers(-9, 9, 6), 1, 1), "codes")
    graph.end("class", graph.add("class", ArgMax(), "scores"))
    return graph


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Graph, CoreDescription, list[str]]:
    """A chip's folder, its graph, its core and its sources."""
    graph, folder = dense(), tmp_path_factory.mktemp("loading")
    wanted = {"sums": "PE 2, SIMD 3, packed by 2, loaded", "scores": "PE 1, SIMD 8, lut, loaded"}
    stages = stages_of(graph, loads=True)
    chosen = {s.tensor: next((o for o in s.options if o.name == wanted.get(s.tensor)), s.options[0]) for s in stages}
    netlist = build_netlist(graph, stages, chosen, output_tensor(graph))
    core = generate_graph_core(netlist, graph, folder)
    names = chip_of(core, folder, OFFSET)
    assert core.loaded
    models = write_board(core.loaded, OFFSET, CLOCK_HZ, folder)
    found = simulate_graph(netlist, graph, X, folder, folder / "core", optimise=False)
    assert (found.compared, found.equal) == (40, 40)
    return folder, graph, core, [*names, *models]


def chip_of(core: CoreDescription, folder: Path, offset: int | None) -> list[str]:
    identity = {"model_hash": bytes(8), "build_id": bytes(8)}
    how = {"clock_hz": CLOCK_HZ, "baud": BAUD, "timeout_us": 1000, "bench": X[:2], "flash_offset": offset}
    return generate_chip(core, folder, **identity, **how)  # type: ignore[arg-type]


def simulator(made: tuple[Path, Graph, CoreDescription, list[str]]) -> ChipSimulator:
    folder, _, core, names = made
    start = start_clocks(core.loaded, CLOCK_HZ)
    paths = [folder / name for name in names]
    return ChipSimulator(paths, folder / "chip", clock_hz=CLOCK_HZ, baud=BAUD, top=BOARD, start_clocks=start)


def packed(graph: Graph, x: NDArray[np.int64]) -> list[bytes]:
    return [row.tobytes() for row in pack_inputs(x, graph.types["x"].element.datatype)]


def answers(graph: Graph) -> list[int]:
    return [int(value) for value in run_one(graph, X, ["class"])["class"].reshape(-1)]


def test_all_answers_are_those_of_the_network(made: tuple[Path, Graph, CoreDescription, list[str]]) -> None:
    graph = made[1]
    requests = [link.infer_request(i, vector) for i, vector in enumerate(packed(graph, X))]
    replies = [link.parse_replies(data)[0] for data in simulator(made).exchange(requests)]
    assert [reply.answer[0] for reply in replies] == answers(graph)
    assert len(set(answers(graph))) > 2


def test_a_reset_keeps_what_was_loaded(made: tuple[Path, Graph, CoreDescription, list[str]]) -> None:
    """Far sooner than it could be loaded again."""
    graph = made[1]
    request = link.infer_request(1, packed(graph, X)[0])
    script = Script().low(2 * link.BREAK_BITS).pause(2 * link.BREAK_BITS + 600).send(request).listen()
    (reply,) = link.parse_replies(simulator(made).play(script).replies[0])
    assert reply.answer[0] == answers(graph)[0]


def test_a_chip_whose_flash_holds_other_weights_never_answers(
    made: tuple[Path, Graph, CoreDescription, list[str]],
) -> None:
    folder, graph = made[:2]
    flash = folder / "flash.hex"
    whole = flash.read_text()
    flash.write_text(f"{int(whole[:2], 16) ^ 1:02x}{whole[2:]}")
    try:
        requests = [link.identify_request(0), link.infer_request(1, packed(graph, X)[0])]
        assert simulator(made).exchange(requests, reply_cycles=200_000) == [b"", b""]
    finally:
        flash.write_text(whole)


def test_a_virtual_board_loads_again_when_it_is_configured_anew(
    made: tuple[Path, Graph, CoreDescription, list[str]],
) -> None:
    folder, graph, core, names = made
    how = {"clock_hz": CLOCK_HZ, "baud": BAUD, "timeout_us": 1000, "faults": Faults(reset=0.01, seed=4)}
    start = start_clocks(core.loaded, CLOCK_HZ)
    paths = [folder / name for name in names]
    board = VirtualBoard(paths, folder / "virtual", top=BOARD, start_clocks=start, **how)  # type: ignore[arg-type]
    with board, open_serial(board.port, BAUD, IDENTITY, Patience(reply=1.0, quiet=0.25)) as driver:
        assert [label for (label,) in driver.infer_many(packed(graph, X))] == answers(graph)
    assert board.done["resets"] > 0


def test_a_board_without_a_flash_is_refused(
    made: tuple[Path, Graph, CoreDescription, list[str]], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="loaded from a flash, and the board names none"):
        chip_of(made[2], tmp_path, None)
