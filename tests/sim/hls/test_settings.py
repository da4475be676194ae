"""Settings of a chip through its ports: a threshold that the host changes, and answers that are right for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hls.axi_chip import generate_axi_chip
from hls.chip import generate_chip, vector_bytes
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.pack import pack_inputs
from hls.simulate_axi import Access, AxiChipSimulator, Burst, Counters
from hls.simulate_axi import Script as AxiScript
from hls.simulate_chip import ChipSimulator
from tests.fast.toolchain.graph.staged_graphs import CLASSES, decides, staged, vectors
from tests.sim.hls.graphs import smallest_of
from toolchain.device.link import protocol as link
from toolchain.device.link import registers as map_
from toolchain.device.link.answers import Values
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.settings import SETTING, Setting, request_payload
from toolchain.errors import ToolError
from toolchain.graph.deciding import deciding
from toolchain.graph.execute import run_one
from toolchain.results.core import CoreDescription

CLOCK_HZ, BAUD = 12_000_000, 1_000_000
IDENTIFIERS = {"model_hash": bytes(8), "build_id": bytes(8)}
GRAPH = staged(3, 4)
X = vectors(GRAPH, 12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(scope="module")
def core(folder: Path) -> CoreDescription:
    made = decides(GRAPH, X)
    netlist, _ = with_depths(smallest_of(made), blocks=False)
    return generate_graph_core(netlist, made, folder)


def answers(thresholds: Sequence[int]) -> list[Values]:
    """What the reference answers with such thresholds."""
    made = deciding(GRAPH, CLASSES, thresholds)
    name = made.outputs[0].node
    return [tuple(row) for row in run_one(made, X, [name])[name].tolist()]


def all_thresholds(core: CoreDescription) -> list[list[int]]:
    first, second = core.settings
    return [[0, 0], [first.high, second.high], [first.high, 0]]


def packed(core: CoreDescription) -> list[bytes]:
    return [row.tobytes() for row in pack_inputs(X.reshape(len(X), -1), core.input_type)]


def opened(core: CoreDescription, folder: Path, streamed: bool) -> SerialBoard:
    bench = np.zeros((0, X[0].size)) if streamed else X.reshape(len(X), -1)[:4]
    names = generate_chip(
        core, folder, clock_hz=CLOCK_HZ, baud=BAUD, bench=bench, timeout_us=1000, streamed=streamed, **IDENTIFIERS
    )
    paths = [folder / name for name in names]
    chip = ChipSimulator(paths, folder / f"uart{streamed}", clock_hz=CLOCK_HZ, baud=BAUD, optimise=False)
    return SerialBoard(chip.port("the chip"), Patience(reply=0.02, quiet=0.003, tries=3))


@pytest.mark.parametrize("streamed", [False, True])
def test_answers_are_right_for_the_thresholds_set(core: CoreDescription, folder: Path, streamed: bool) -> None:
    board, sent = opened(core, folder, streamed), packed(core)
    seen = set()
    for thresholds in all_thresholds(core):
        for setting, value in zip(core.settings, thresholds, strict=True):
            board.set(setting, value)
            assert board.held(setting) == value
        right = answers(thresholds)
        assert board.infer_many(sent) == right
        seen.add(tuple(right))
    assert len(seen) > 2
    board.close()


def test_a_break_brings_a_setting_back_and_the_driver_sets_it_again(core: CoreDescription, folder: Path) -> None:
    board, (first, _) = opened(core, folder, False), core.settings
    board.set(first, first.high)
    board.port.send_break()
    board._drain()
    assert board.held(first) == first.reset != first.high
    # What was answered meanwhile is asked for again.
    assert board.infer_many(packed(core)) == answers([first.high, core.settings[1].reset])
    board.reset()
    assert board.held(first) == first.high
    board.close()


def test_a_bench_runs_with_the_setting(core: CoreDescription, folder: Path) -> None:
    board, right = opened(core, folder, False), answers([0, 0])
    for setting in core.settings:
        board.set(setting, 0)
    layout = core.output.layout
    played = [layout.encode(values) for values in right[:4]]
    assert board.bench(9).checksum == link.bench_checksum(played, 9)
    board.close()


@pytest.mark.parametrize("payload", [request_payload(2), request_payload(0, 1) + b"\0", b""])
def test_a_setting_that_is_none_or_a_wrong_length_is_refused(
    core: CoreDescription, folder: Path, payload: bytes
) -> None:
    board = opened(core, folder, False)
    with pytest.raises(ToolError, match="no answer to setting"):
        board._exchange([(SETTING, payload)], 1)
    assert board.traffic.refused > 0
    board.close()


def register(setting: Setting) -> int:
    return map_.SETTING + 4 * setting.number


def test_registers_of_an_axi_chip(core: CoreDescription, folder: Path) -> None:
    rows = X.reshape(len(X), -1)
    names = generate_axi_chip(core, folder, clock_hz=CLOCK_HZ, bench=rows[:3], data_bits=32, **IDENTIFIERS)
    chip = AxiChipSimulator(
        [folder / name for name in names],
        folder / "axi",
        vector_bytes=vector_bytes(core),
        data_bits=32,
        optimise=False,
    )
    sent = pack_inputs(rows, core.input_type)
    first, second = core.settings
    script = AxiScript(core.output.layout)
    script.read(register(first)).read(register(second)).read(register(second) + 4).burst(sent)
    script.write(register(first), first.high).write(register(second), 0).read(register(first)).burst(sent, stalls=3)
    # While a burst is under way nothing is set; a reset brings all back.
    script.begin_burst(sent[:2]).write(register(first), 1).reset().counters().read(register(first))
    told = chip.play(script).answers
    assert told[:3] == [Access(first.reset, True), Access(second.reset, True), Access(0, False)]
    assert isinstance(told[3], Burst) and list(told[3].answers) == answers([first.reset, second.reset])
    assert told[6] == Access(first.high, True)
    assert isinstance(told[7], Burst) and list(told[7].answers) == answers([first.high, 0])
    assert isinstance(told[11], Counters) and (told[11].refused, told[11].bus_errors) == (1, 1)
    assert told[12] == Access(first.reset, True)
