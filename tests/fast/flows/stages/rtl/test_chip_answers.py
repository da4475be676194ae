"""What a simulated chip answers is held against the network's, by the same rules on each link."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages import files
from flows.stages.rtl import axi_check, uart_check
from flows.stages.rtl.chip_answers import BENCH_INFERENCES
from flows.stages.rtl.reference import DenseReference
from hls import simulate_axi
from hls.core import CoreDescription, CoreOutput
from tests.fast.hls.networks import Shape, random_network
from toolchain.device.link import protocol
from toolchain.device.link.board import bench_answer
from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import VerificationError

NETWORK = random_network(Shape("BINARY", 12, (8, 4)), seed=1)
X = np.random.default_rng(1).integers(0, 2, (6, 12)).astype(np.uint8)
LABELS = [int(label) for label in NETWORK.run(X).labels]
CHIP: Any = SimpleNamespace(
    model_hash=b"m" * 8, build_id=b"b" * 8, core=SimpleNamespace(initiation_interval=4), vector_bytes=2
)
BENCH = bench_answer(AnswerLayout.of_class(4), [(label,) for label in LABELS[:2]], BENCH_INFERENCES)


@pytest.fixture
def uart(monkeypatch: pytest.MonkeyPatch) -> uart_check.UartCheck:
    monkeypatch.setattr(files, "clock_hz", lambda context: 12_000_000)
    return uart_check.UartCheck(None, CHIP, DenseReference(NETWORK), X, X[:2])  # type: ignore[arg-type]


@pytest.fixture
def axi(monkeypatch: pytest.MonkeyPatch) -> axi_check.AxiCheck:
    monkeypatch.setattr(files, "clock_hz", lambda context: 12_000_000)
    return axi_check.AxiCheck(None, CHIP, DenseReference(NETWORK), X, X[:2])  # type: ignore[arg-type]


IDENTITY = protocol.Identity(*[{"model_hash": b"m" * 8, "build_id": b"b" * 8, "classes": 4, "clock_hz": 12_000_000,
                               "bench_vectors": 2}.get(name, 1) for name in protocol.Identity._fields])  # fmt: skip


def test_right_answers_are_counted(uart: uart_check.UartCheck) -> None:
    uart.check_identity(IDENTITY)
    uart.check_answers("infer", [(label,) for label in LABELS])
    uart.check_bench(protocol.Bench(1, BENCH["values"][0], 400, BENCH["checksum"]))
    assert (uart.checks["chip"].compared, uart.checks["bench"].equal) == (6, BENCH_INFERENCES)


def test_the_first_difference_is_named(uart: uart_check.UartCheck) -> None:
    with pytest.raises(VerificationError, match="chip through its UART: identify: build_id: expected b'bbb"):
        uart.check_identity(IDENTITY._replace(build_id=b"x" * 8))
    wrong = [*LABELS[:3], LABELS[3] ^ 1, LABELS[4] ^ 1, LABELS[5]]
    with pytest.raises(VerificationError, match=rf"infer: input 3: class: expected {LABELS[3]}, got {LABELS[3] ^ 1}"):
        uart.check_answers("infer", [(label,) for label in wrong])
    with pytest.raises(VerificationError, match="bench: checksum: expected"):
        uart.check_bench(protocol.Bench(1, BENCH["values"][0], 400, BENCH["checksum"] ^ 1))


def test_an_answer_of_another_kind_is_wrong(uart: uart_check.UartCheck) -> None:
    # A bench has a label, too.
    with pytest.raises(VerificationError, match="infer: input 0: class"):
        uart.check_answers("infer", [uart.values(protocol.Bench(1, label, 1, 1)) for label in LABELS])
    with pytest.raises(VerificationError, match=r"bench: label: .*got 'None'"):
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
