"""A chip of the streamed form, asked by its driver: all vectors whole, or where those are long the beginning of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages import files
from flows.stages.rtl import chip_answers, streamed_check
from flows.stages.rtl.reference import GraphReference
from flows.stages.rtl.streamed_check import StreamedCheck
from hls.chip import generate_chip
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.simulate_chip import ChipSimulator
from tests.sim.hls.axi.test_graph_chip import convolution
from tests.sim.hls.graphs import fastest_of, values_of
from toolchain.errors import VerificationError

CLOCK_HZ, BAUD = 12_000_000, 1_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreamedCheck, ChipSimulator]:
    folder = tmp_path_factory.mktemp("streamed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hls.chip._PART_BYTES", 10)
        graph = convolution()
        netlist, _ = with_depths(fastest_of(graph), blocks=True)
        core = generate_graph_core(netlist, graph, folder)
        x = values_of(graph, np.random.default_rng(4), 5).reshape(5, -1)
        sources = generate_chip(
            core,
            folder,
            clock_hz=CLOCK_HZ,
            baud=BAUD,
            model_hash=b"m" * 8,
            build_id=b"b" * 8,
            bench=x[:0],
            streamed=True,
        )
    chip: Any = SimpleNamespace(core=core, model_hash=b"m" * 8, build_id=b"b" * 8)
    context: Any = SimpleNamespace(open_board=SimpleNamespace(host_link=SimpleNamespace(baud=BAUD)))
    simulator = ChipSimulator([folder / n for n in sources], folder / "work", clock_hz=CLOCK_HZ, baud=BAUD)
    return StreamedCheck(context, chip, GraphReference(graph, core.output), x, x[:0]), simulator


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hls.chip._PART_BYTES", 10)
    monkeypatch.setattr(files, "vector_kind", lambda context: "random")
    for module in (chip_answers, streamed_check):
        monkeypatch.setattr(module, "clock_hz", lambda context: CLOCK_HZ)


def fresh(check: StreamedCheck, **changes: Any) -> StreamedCheck:
    fields = ("context", "chip", "reference", "x", "bench")
    return StreamedCheck(**{**{name: getattr(check, name) for name in fields}, **changes})


@pytest.mark.parametrize("minutes", [5, 0], ids=["whole", "first parts"])
def test_right_answers(
    made: tuple[StreamedCheck, ChipSimulator], minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_check, "_MOST_MINUTES", minutes)
    check, simulator = made
    x = check.x if minutes else check.x[:2]
    asked = fresh(check, x=x).run(simulator)
    assert asked.checks["chip"].compared == asked.checks["chip"].equal == len(x)
    assert asked.latency_cycles > check.chip.core.initiation_interval // 2


@pytest.mark.parametrize(("minutes", "said"), [(5, "infer: input 0: element "), (0, "stream: input 0: bytes from 0")])
def test_a_wrong_answer_is_named(
    made: tuple[StreamedCheck, ChipSimulator], minutes: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_check, "_MOST_MINUTES", minutes)
    check, simulator = made

    class Other(GraphReference):
        def run(self, x: Any) -> Any:
            return np.roll(super().run(x), 1, axis=1)

    other = Other(check.reference.graph, check.reference.output)  # type: ignore[attr-defined]
    with pytest.raises(VerificationError, match=f"chip through its UART: {said}"):
        fresh(check, reference=other).run(simulator)


def test_a_wrong_checksum_is_named(made: tuple[StreamedCheck, ChipSimulator], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a bench plays is another vector than the one that is right."""
    monkeypatch.setattr(streamed_check, "played_inputs", lambda core, row: row)
    check, simulator = made
    with pytest.raises(VerificationError, match="bench of 1: checksum"):
        fresh(check).run(simulator)


def test_few_vectors_are_asked_for_where_the_line_takes_long(made: tuple[StreamedCheck, ChipSimulator]) -> None:
    core = made[0].chip.core
    assert [StreamedCheck.vectors(core, CLOCK_HZ, baud, 64) for baud in (BAUD, 10_000, 100)] == [64, 5, 2]
