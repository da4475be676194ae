"""The AXI chip without windows: vectors and answers by bursts, a bench of what it stores, and no other command.

A part is no divisor of a vector, and its beats are no power of two: a bench that goes on with it would not show else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from hls import axi_chip, chip
from hls.axi_chip import generate_axi_chip
from hls.chip import played_inputs, vector_bytes
from hls.fifo_depths import with_depths
from hls.graph_ports import generate_graph_core
from hls.pack import pack_inputs
from hls.simulate_axi import Access, AxiChipSimulator, Bench, Burst, Identity, Script
from tests.sim.hls.axi.shapes import CLOCK_HZ
from tests.sim.hls.axi.test_graph_chip import convolution
from tests.sim.hls.graphs import fastest_of, values_of
from toolchain.device.link import registers as map_
from toolchain.device.link.answers import Values
from toolchain.device.link.protocol import bench_checksum
from toolchain.errors import VerificationError
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.results.core import CoreDescription


def answers_of(graph: Graph, x: NDArray[np.int64]) -> list[Values]:
    (end,) = graph.outputs
    found = run_one(graph, x.reshape(len(x), 6, 5, 3), [end.node])[end.node]
    return [tuple(row) for row in found.reshape(len(x), -1).tolist()]


class Fault(NamedTuple):
    """What a broken copy has wrong: text of a source, and another in its place."""

    source: str
    right: str
    wrong: str


class Made:
    """A chip of the streamed form, small enough to have been held, whose stored part is two fifths of a vector."""

    def __init__(self, folder: Path, data_bits: int, fault: Fault | None = None) -> None:
        self.graph = convolution()
        netlist, _ = with_depths(fastest_of(self.graph), blocks=True)
        self.core: CoreDescription = generate_graph_core(netlist, self.graph, folder)
        self.x = values_of(self.graph, np.random.default_rng(4), 9).reshape(9, -1)
        sources = generate_axi_chip(
            self.core,
            folder,
            clock_hz=CLOCK_HZ,
            model_hash=bytes(8),
            build_id=bytes(8),
            bench=self.x[:3],
            data_bits=data_bits,
        )
        if fault is not None:
            text = (folder / fault.source).read_text()
            assert text.count(fault.right) == 1
            (folder / fault.source).write_text(text.replace(fault.right, fault.wrong))
        self.chip = AxiChipSimulator(
            [folder / name for name in sources],
            folder / "work",
            vector_bytes=vector_bytes(self.core),
            data_bits=data_bits,
            optimise=False,
        )
        self.packed = pack_inputs(self.x, self.core.input_type)
        self.played = played_inputs(self.core, self.x[0])[None]

    @property
    def script(self) -> Script:
        # What a broken copy leaves unanswered is not waited for any longer.
        return Script(self.core.output.layout, held=False, patience=50_000)

    @property
    def right_benches(self) -> list[bytes]:
        return [self.core.output.layout.encode(answer) for answer in answers_of(self.graph, self.played)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(axi_chip, "windows_hold", lambda burst_bytes, answer_bytes: False)
    monkeypatch.setattr(chip, "_PART_BYTES", 18)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Made]:
    """Gives a whole chip by the width of its stream; each script starts it anew."""
    return cache(lambda data_bits: Made(tmp_path_factory.mktemp(f"bits{data_bits}"), data_bits))


@pytest.fixture(params=[32, 64])
def made(request: pytest.FixtureRequest, once: Callable[[int], Made], small: None) -> Made:
    return once(request.param)


def test_bursts_and_bench_give_whole_answers(made: Made) -> None:
    right = answers_of(made.graph, made.x)
    script = made.script.identify().burst(made.packed[:1]).bench(1).bench(4).burst(made.packed)
    script.burst(made.packed, stalls=5).burst(made.packed, cut=1).bench(2).counters()
    identity, alone, one, four, burst, stalled, damaged, two, counters = made.chip.play(script).answers

    assert isinstance(identity, Identity) and identity.bench_vectors == 0
    assert isinstance(alone, Burst) and alone.answers == (right[0],)
    assert isinstance(burst, Burst) and isinstance(stalled, Burst) and burst.answers == stalled.answers == tuple(right)
    assert isinstance(damaged, Burst) and damaged.answers == (*right[:-1], None)
    assert not np.array_equal(made.played[0], made.x[0])
    for bench, count in ((one, 1), (four, 4), (two, 2)):
        right_bench = ((), bench_checksum(made.right_benches, count))
        assert isinstance(bench, Bench) and (bench.values, bench.checksum) == right_bench
    assert counters[:3] == (1 + 1 + 4 + 9 + 9 + 9 + 2, 7, 1)


def test_windows_are_not_there_and_infer_is_refused(made: Made) -> None:
    command, status = map_.ADDRESS["COMMAND"], map_.ADDRESS["STATUS"]
    script = made.script.read(map_.ANSWER).read(map_.VECTOR).write(map_.VECTOR, 1).write(command, map_.INFER)
    script.read(status).reset().burst(made.packed[:2])
    *windows, told, state, _, burst = made.chip.play(script).answers

    assert windows == [Access(0, False)] * 3
    assert isinstance(told, Access) and told.good
    assert isinstance(state, Access) and map_.REFUSED.of(state.value) and not map_.BUSY.of(state.value)
    assert isinstance(burst, Burst) and burst.answers == tuple(answers_of(made.graph, made.x[:2]))


def test_pauses_and_resets_lose_nothing(made: Made) -> None:
    """Bursts of more than the core holds, with pauses; after each a reset with a burst on its way, within a vector."""
    many, sent = np.tile(made.packed, (4, 1)), made.packed.reshape(1, -1)
    right = 4 * tuple(answers_of(made.graph, made.x))
    script, seeds = made.script, range(1, 8)
    for seed in seeds:
        script.burst(many, stalls=seed).begin_burst(sent[:, : 7 * seed * seed]).reset().bench(1)
    answers = made.chip.play(script).answers
    assert [a.answers for a in answers if isinstance(a, Burst)] == [right] * len(seeds)
    benches = [a.checksum for a in answers if isinstance(a, Bench)]
    assert benches == [bench_checksum(made.right_benches, 1)] * len(seeds)


FAULTS = {
    "a part goes on in the next vector": Fault(
        "axi_link.v", ".rewind(start_bench || feed_ends)", ".rewind(start_bench)"
    ),
    "the core is not waited for": Fault("axi_link.v", ".out_ready(bursting ? in_ready : 1'b1)", ".out_ready(1'b1)"),
    "the sink is not waited for": Fault("axi_link.v", "!bursting || exit_ready;", "1'b1;"),
    "each answer ends the packet": Fault(
        "axi_link.v", "{answer_ends && mark_is_last, answer}", "{answer_ends, answer}"
    ),
    "an incomplete vector is not told": Fault("axi_link.v", ".damaged(bursting && mark_is_damaged)", ".damaged(1'b0)"),
    "INFER is obeyed": Fault("axi_registers.v", "code == INFER && !STREAMED", "code == INFER"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_broken_copies_are_caught(fault: Fault, tmp_path: Path) -> None:
    broken = Made(tmp_path, 64, fault)
    with pytest.raises((AssertionError, VerificationError)):
        test_bursts_and_bench_give_whole_answers(broken)
        test_windows_are_not_there_and_infer_is_refused(broken)
        test_pauses_and_resets_lose_nothing(broken)
