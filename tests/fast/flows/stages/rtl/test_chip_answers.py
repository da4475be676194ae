"""What a simulated chip answers is held against the network's, by the same rules on each link."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages import files
from flows.stages.rtl import axi_check, chip_answers, uart_check
from flows.stages.rtl.reference import DenseReference
from hls import simulate_axi
from hls.chip import types_of
from tests.fast.hls.networks import Shape, random_network
from toolchain.device.link import protocol
from toolchain.device.link.board import bench_answer
from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import VerificationError
from toolchain.results.core import CoreDescription, CoreOutput

NETWORK = random_network(Shape("BINARY", 12, (8, 4)), seed=1)
X = np.random.default_rng(1).integers(0, 2, (6, 12)).astype(np.uint8)
LABELS = [int(label) for label in NETWORK.run(X).labels]
CORE = CoreDescription("folded", (), (), "BINARY", 12, 12, 1, CoreOutput.label(4), 4, ())
CHIP: Any = SimpleNamespace(model_hash=b"m" * 8, build_id=b"b" * 8, core=CORE)
BENCH = bench_answer(AnswerLayout.of_class(4), [(label,) for label in LABELS[:2]], 100)._asdict()


@pytest.fixture
def uart(monkeypatch: pytest.MonkeyPatch) -> uart_check.UartCheck:
    monkeypatch.setattr(chip_answers, "clock_hz", lambda context: 12_000_000)
    return uart_check.UartCheck(None, CHIP, DenseReference(NETWORK), X, X[:2])  # type: ignore[arg-type]


@pytest.fixture
def axi(monkeypatch: pytest.MonkeyPatch) -> axi_check.AxiCheck:
    monkeypatch.setattr(chip_answers, "clock_hz", lambda context: 12_000_000)
    return axi_check.AxiCheck(None, CHIP, DenseReference(NETWORK), X, X[:2])  # type: ignore[arg-type]


IDENTITY = protocol.Identity(1, 2, b"m" * 8, b"b" * 8, 12_000_000, 2, 7, 0, 63, 1000, types_of(CORE))


def test_right_answers_are_counted(uart: uart_check.UartCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "vector_kind", lambda context: "random")
    uart.check_identity(IDENTITY)
    uart.check_answers("infer", [(label,) for label in LABELS])
    uart.check_bench(protocol.Bench(1, bytes(BENCH["values"]), 400, BENCH["checksum"]))
    assert (uart.checks["chip"].compared, uart.checks["bench"].equal) == (6, 100)
    assert uart.checks["chip"].vectors == "random"


def test_the_first_difference_is_named(uart: uart_check.UartCheck) -> None:
    with pytest.raises(VerificationError, match="chip through its UART: identify: build_id: expected b'bbb"):
        uart.check_identity(IDENTITY._replace(build_id=b"x" * 8))
    wrong = [*LABELS[:3], LABELS[3] ^ 1, LABELS[4] ^ 1, LABELS[5]]
    with pytest.raises(VerificationError, match=rf"infer: input 3: class: expected {LABELS[3]}, got {LABELS[3] ^ 1}"):
        uart.check_answers("infer", [(label,) for label in wrong])
    with pytest.raises(VerificationError, match="bench: checksum: expected"):
        uart.check_bench(protocol.Bench(1, bytes(BENCH["values"]), 400, BENCH["checksum"] ^ 1))


def test_an_answer_of_another_kind_is_wrong(uart: uart_check.UartCheck) -> None:
    # A bench has an answer, too.
    with pytest.raises(VerificationError, match="infer: input 0: class"):
        uart.check_answers("infer", [uart._values(protocol.Bench(1, bytes([label]), 1, 1)) for label in LABELS])
    with pytest.raises(VerificationError, match=r"bench: answer: .*got 'None'"):
        uart.check_bench(None)


def test_counters_say_what_was_asked_and_no_trouble(axi: axi_check.AxiCheck) -> None:
    right = simulate_axi.Counters(18, 4, 0, 0, 0)
    axi.check_counters(right, 18)
    with pytest.raises(VerificationError, match="counters: inferences: expected 19, got 18"):
        axi.check_counters(right, 19)
    with pytest.raises(VerificationError, match="counters: bus_errors: expected 0, got 2"):
        axi.check_counters(right._replace(bus_errors=2), 18)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([*LABELS[:2], None, *LABELS[3:]], "burst: input 2: class"),
        (LABELS[:5], "burst: number of answers: expected 6, got 5"),
        ([*LABELS, 1], "burst: input 6: class: expected None, got 1"),
        (LABELS, "burst: checksum"),
    ],
)
def test_bursts(axi: axi_check.AxiCheck, labels: list[int | None], said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        axi._check_burst(simulate_axi.Burst(tuple(None if label is None else (label,) for label in labels), 9, 0))


@pytest.mark.parametrize(("interval", "vectors"), [(50, 256), (3_000, 155), (10_000, 59), (10_000_000, 2)])
def test_a_slow_core_is_asked_fewer_vectors(interval: int, vectors: int) -> None:
    scores = CoreOutput(10, 8, True, 1, None)
    core = CoreDescription("units", (), (), "INT8", 8 * 3072, 8, 3072, scores, interval, ())
    assert axi_check.AxiCheck.vectors(core, 256) == vectors


def test_a_slow_core_is_waited_for(axi: axi_check.AxiCheck) -> None:
    slow = replace(axi, chip=SimpleNamespace(core=replace(CORE, initiation_interval=2_500_000)))
    waits = [int(line.split()[-1], 16) for line in slow._script().lines if line.startswith("P ")]
    # Six vectors one by one, in two bursts, and a bench of three.
    assert len(waits) == 9
    assert min(waits) > 6 * 2_500_000


def test_slow_cores_with_long_vectors_are_asked_less() -> None:
    few = replace(CORE, strategy="units", vector_bits=8 * 3072, in_width=24, in_beats=1024, initiation_interval=114_688)
    assert uart_check.UartCheck.vectors(CORE, 25_000_000, 1_000_000, 64) == 64
    assert uart_check.UartCheck.vectors(few, 25_000_000, 1_000_000, 64) == 6
    assert uart_check.UartCheck.vectors(replace(few, initiation_interval=1 << 30), 25_000_000, 1_000_000, 64) == 2


def test_a_dense_core_is_asked_as_many_as_packaging_needs_however_slow_its_link() -> None:
    # 183 bits at 115,200 baud beside a clock of 108 MHz: 200,000 clocks a vector.
    dense = replace(CORE, vector_bits=183, in_width=61, in_beats=3, initiation_interval=512)
    assert uart_check.UartCheck.vectors(dense, 108_000_000, 115_200, 64) == 64
    assert axi_check.AxiCheck.vectors(replace(dense, initiation_interval=100_000), 256) == 256


def test_a_long_vector_is_sent_in_parts_and_compared_by_element() -> None:
    output = CoreOutput(3, 12, True, 1, None)
    core = replace(CORE, input_type="UINT8", vector_bits=8 * 2500, in_width=8, in_beats=2500, output=output)
    right = np.array([[1, -2, 3], [4, 5, -6]])
    reference: Any = SimpleNamespace(input_type="UINT8", output=output, run=lambda x: right[: len(x)])
    x = np.arange(5000).reshape(2, 2500).astype(np.uint8)
    check = uart_check.UartCheck(None, SimpleNamespace(core=core), reference, x, x[:1])  # type: ignore[arg-type]
    frames = protocol.FrameParser(2000).feed(b"".join(check.requests()))
    assert [frame.command for frame in frames] == [1, 5, 5, 2, 5, 5, 2, 3, 4]
    assert b"".join(frame.payload[:1024] for frame in frames[1:4]) == x[0].tobytes()
    with pytest.raises(VerificationError, match="infer: input 1: element 2: expected -6, got -7"):
        check.check_answers("infer", [(1, -2, 3), (4, 5, -7)])


def test_a_resting_core_takes_the_same_cycles_for_every_vector(axi: axi_check.AxiCheck) -> None:
    answers = [simulate_axi.Inference((label,), 40) for label in LABELS]
    assert axi.latency(answers) == 40
    with pytest.raises(VerificationError, match="infer: input 5: cycles: expected 40, got 41"):
        axi.latency([*answers[:-1], answers[0]._replace(cycles=41)])


def test_a_core_that_stops_early_takes_the_same_cycles_for_every_vector_of_a_stage(axi: axi_check.AxiCheck) -> None:
    reference: Any = SimpleNamespace(decides=True, run=lambda x: np.array([[3, -9], [2, -10], [1, -9], [0, -10]]))
    deciding = replace(axi, reference=reference, x=X[:4])
    answers = [simulate_axi.Inference((label,), cycles) for label, cycles in enumerate((40, 70, 40, 70))]
    assert deciding.latency(answers) == 70
    with pytest.raises(VerificationError, match="infer: input 2: cycles: expected 40, got 70"):
        deciding.latency([*answers[:2], answers[1], answers[3]])


def test_a_chip_that_looks_for_earlier_answers_first_takes_as_many_cycles_as_it_takes(axi: axi_check.AxiCheck) -> None:
    chip: Any = SimpleNamespace(core=replace(CORE, kept_answers=4))
    answers = [simulate_axi.Inference((label,), 40 + index) for index, label in enumerate(LABELS)]
    assert replace(axi, chip=chip).latency(answers) == 39 + len(LABELS)


@pytest.mark.parametrize(("elements", "inferences"), [(1, 100), (40_000, 50), (700_000, 3)])
def test_a_bench_of_long_answers_is_short(axi: axi_check.AxiCheck, elements: int, inferences: int) -> None:
    """An answer leaves a byte a clock; each stored vector is played once and the first anew."""
    chip = SimpleNamespace(core=replace(CORE, output=CoreOutput(elements, 8, False, 1, None)))
    assert replace(axi, chip=chip).bench_inferences == inferences  # type: ignore[arg-type]
