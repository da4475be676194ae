from __future__ import annotations

import random
from io import StringIO

import pytest
from rich.console import Console

from tests.doubles.packed import manifest
from tests.doubles.uart_board import IDENTITY, TYPES, VECTOR_BYTES, Line, UartBoard, label_of, uart_board
from toolchain.device.link import protocol
from toolchain.device.link.answers import Bench
from toolchain.device.link.axi.sense import Expected, expected_of
from toolchain.device.link.golden import Golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.serial_link import SerialBoard
from toolchain.errors import ToolError, VerificationError
from toolchain.report.run_table import run_table
from toolchain.results.check import VectorKind
from toolchain.results.facts import IntegersFacts
from toolchain.results.facts.runtime import VectorCount
from toolchain.results.manifest import Manifest
from toolchain.results.run import RunFigures
from toolchain.run.testset import must_be_equal, run_test_set, vector_kind

COUNT = 300
CLASSES = ["normal", "dos", "fuzzing", "gear", "rpm"]
# The first ones are those that the double stores for its bench.
VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(4)]
VECTORS += [random.Random(seed).randbytes(VECTOR_BYTES) for seed in range(4, COUNT)]
LABELS = bytes(map(label_of, VECTORS))


def golden(labels: bytes = LABELS) -> Golden:
    described = {
        "count": COUNT,
        "answer": AnswerLayout.of_class(5)._asdict(),
        "vector_bytes": VECTOR_BYTES,
        "classes": CLASSES,
    }
    return Golden(described, b"".join(VECTORS), labels)


def test_answers_accuracy_and_latency() -> None:
    truth = [0, *LABELS[1:]] if LABELS[0] else [1, *LABELS[1:]]
    seen: list[tuple[int, int]] = []
    result = run_test_set(
        SerialBoard(uart_board()), golden(), truth=truth, progress=lambda done, total: seen.append((done, total))
    )
    must_be_equal(result)
    assert (result.answers.compared, result.answers.equal) == (COUNT, COUNT)
    assert result.accuracy.accuracy == (COUNT - 1) / COUNT
    assert sum(map(sum, result.accuracy.confusion.matrix)) == COUNT
    seconds = result.latency.seconds
    fabric, driver, whole = (seconds[name] for name in ("fabric", "driver", "end_to_end"))
    assert fabric and driver and whole and fabric.median == 100 / 25e6
    assert whole.median > driver.median > 0
    assert len(result.latency.end_to_end_seconds) == 256
    assert result.bench.initiation_interval == 10
    assert result.bench.inferences_per_second == 2.5e6
    assert seen[-1] == (COUNT, COUNT)
    groups = ("answers", "accuracy", "latency", "bench", "throughput")
    assert {getattr(result, group).kind for group in groups} == {"measured"}


def test_the_stages_that_answer_are_counted_and_compared() -> None:
    """The double's label stands for the number behind an answer."""
    wrong = bytes([(LABELS[0] + 1) % 5, *LABELS[1:]])
    result = run_test_set(SerialBoard(uart_board()), golden(wrong), stages=range(5))
    table = Console(record=True, width=120, file=StringIO())
    table.print(run_table(result))

    assert result.decisions is not None and result.decisions.answered == tuple(LABELS.count(n) for n in range(5))
    assert (result.decisions.equal, result.decisions.compared) == (COUNT - 1, COUNT)
    bench = result.bench and result.bench.decisions
    assert bench is not None and sum(bench.answered) == bench.compared == result.bench.inferences
    assert 0 < bench.equal < bench.compared  # one of the vectors that it plays is the wrong one
    assert result.counted and result.counted.faults == ()
    assert f"{COUNT - 1} of {COUNT}" in (shown := table.export_text()) and f"{bench.equal:,} of 10,000" in shown


@pytest.mark.parametrize("kind", ["test set", "calibration", "random"])
def test_it_is_said_what_the_vectors_are(kind: VectorKind) -> None:
    ours = Manifest(**{key: value for key, value in manifest().items() if key != "format"})
    vectors = VectorCount(count=COUNT, kind=kind)
    packed = ours.model_copy(update={"integers": IntegersFacts.model_construct(vectors=vectors)})
    assert vector_kind(packed) == kind and vector_kind(ours) == "test set"
    result = run_test_set(SerialBoard(uart_board()), golden(), kind=vector_kind(packed))
    table = Console(record=True, width=120, file=StringIO())
    table.print(run_table(result))
    words = {"test set": "test set", "calibration": "calibration data", "random": "random vectors"}[kind]
    assert result.answers.vectors == kind
    assert f"labels equal to the golden ones, {words}" in table.export_text()


def test_a_virtual_boards_times_are_labelled() -> None:
    seen: list[tuple[int, int]] = []
    result = run_test_set(
        SerialBoard(uart_board()),
        golden(),
        virtual=True,
        count=50,
        truth=list(LABELS),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(32, 50), (50, 50)]
    kinds = {group: getattr(result, group).kind for group in ("answers", "accuracy", "latency", "throughput", "bench")}
    assert kinds == {
        "answers": "simulated",
        "accuracy": "simulated",
        "latency": "emulated",
        "throughput": "emulated",
        "bench": "simulated",
    }
    assert result.latency.cycles.kind == "simulated"
    assert result.accuracy.windows == 50
    assert not result.accuracy.whole_test_set


def test_a_difference_is_counted_named_and_refused() -> None:
    labels = bytes([*LABELS[:17], (LABELS[17] + 1) % 5, *LABELS[18:]])
    result = run_test_set(SerialBoard(uart_board()), golden(labels))
    assert result.answers.equal == COUNT - 1
    assert result.accuracy is None
    with pytest.raises(VerificationError, match="1 of 300 answers differ; the first: vector 17: class"):
        must_be_equal(result)


def test_a_board_without_stored_vectors_benches_the_first_golden_one() -> None:
    board = uart_board(identity=IDENTITY._replace(bench_vectors=0))
    result = run_test_set(SerialBoard(board), golden())
    must_be_equal(result)
    assert result.bench.played == "golden vector 0, which the board holds"
    assert result.bench.initiation_interval == 10
    console = Console(width=120, record=True, file=StringIO())
    console.print(run_table(result))
    assert "bench of 10,000 of golden vector 0" in console.export_text()
    wrong = run_test_set(SerialBoard(board), golden(bytes([(LABELS[0] + 1) % 5, *LABELS[1:]])))
    assert wrong.bench.checksum != wrong.bench.expected_checksum


def test_a_wrong_bench_is_refused() -> None:
    board = uart_board()
    board._stored[2] = b"another vector"
    result = run_test_set(SerialBoard(board), golden())
    with pytest.raises(VerificationError, match="bench: checksum"):
        must_be_equal(result)


@pytest.mark.parametrize(
    ("virtual", "interval", "inferences"), [(True, 4_000, 499), (False, 999_999, 750), (False, 4_000, 10_000)]
)
def test_the_bench_of_a_slow_chip_is_short(
    monkeypatch: pytest.MonkeyPatch, virtual: bool, interval: int, inferences: int
) -> None:
    board, asked = SerialBoard(uart_board()), list[int]()
    real = board.bench

    def bench(count: int, seconds: float = 60.0) -> Bench:
        asked.append(count)
        return real(count, seconds)

    monkeypatch.setattr(board, "bench", bench)
    # The double takes 10 clocks each, which such a package would not allow.
    with pytest.raises(VerificationError, match=f"for {inferences:,} inferences"):
        run_test_set(board, golden(), virtual=virtual, expected=Expected(25_000_000, 100, interval))
    assert asked == [1, inferences]


def test_a_bad_line_changes_no_answer_and_is_told() -> None:
    result = run_test_set(SerialBoard(uart_board(Line(bits=5e-4))), golden())
    must_be_equal(result)
    traffic = result.traffic
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent
    assert traffic.sent > traffic.answered
    console = Console(width=100, record=True, file=StringIO())
    console.print(run_table(result))
    assert f"{traffic.sent - traffic.answered} of {traffic.sent}" in console.export_text()


def lying(classes: int = 5, input_elements: int = 8 * VECTOR_BYTES, **identity: int) -> UartBoard:
    types = TYPES._replace(classes=classes, input=TYPES.input._replace(shape=(input_elements,)))
    return uart_board(identity=IDENTITY._replace(types=types, **identity))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"clock_hz": 24_000_000}, "clock_hz: 24000000, expected 25000000"),
        ({"classes": 7}, "classes: 7, expected 5"),
        ({"bench_vectors": 5000}, "bench_vectors: 5000 are stored, should be 0 to 300"),
    ],
)
def test_a_board_that_says_it_is_another_is_refused(said: dict[str, int], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        run_test_set(SerialBoard(lying(**said)), golden(), expected=Expected(25_000_000, 100, 10))


@pytest.mark.parametrize("field", ["clock_hz", "input_elements"])
def test_nothing_is_divided_by_a_clock_of_zero(field: str) -> None:
    with pytest.raises(ToolError, match=r"identify: .*: 0; the board is broken"):
        SerialBoard(lying(**{field: 0}))


@pytest.mark.parametrize("cycles", [0, 1, 50_000, 100_089, 120_200, 1 << 47])
def test_cycles_that_the_simulation_does_not_allow_are_no_throughput(
    cycles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = SerialBoard(uart_board())
    real = board.bench

    def bench(count: int, seconds: float = 60.0) -> Bench:
        return real(count, seconds) if count == 1 else real(count, seconds)._replace(cycles=cycles)

    monkeypatch.setattr(board, "bench", bench)
    with pytest.raises(VerificationError, match=f"bench: cycles: {cycles:,} for 10,000 inferences, should be"):
        run_test_set(board, golden(), expected=Expected(25_000_000, 100, 11))


def test_one_inference_takes_the_simulated_cycles() -> None:
    with pytest.raises(VerificationError, match="infer: cycles: 100 for 1 inferences, should be 99 "):
        run_test_set(SerialBoard(uart_board()), golden(), expected=Expected(25_000_000, 99, 10))


def test_a_package_says_what_is_expected() -> None:
    timing = {"clock_mhz": 48.0, "cycles_kind": "simulated", "latency_cycles": 5, "initiation_interval": 2}
    assert expected_of({"timing": timing}) == Expected(48_000_000, 5, 2)
    assert expected_of({"timing": {**timing, "cycles_kind": "estimated"}}) == Expected(48_000_000)
    assert expected_of({}) == Expected()


def counting(wrong: dict[str, int], line: Line | None = None) -> UartBoard:
    """A board whose second and later readings of the counters are off by that much."""
    board, asked = uart_board(line), [0]
    right = board._answer

    def answer(command: int, sequence: int, payload: bytes) -> protocol.Reply:
        reply = right(command, sequence, payload)
        if isinstance(reply, protocol.Counters):
            asked[0] += 1
            off = wrong if asked[0] > 1 else {}
            return reply._replace(**{name: (getattr(reply, name) + by) % (1 << 32) for name, by in off.items()})
        return reply

    board._answer = answer  # type: ignore[method-assign]
    return board


def test_the_boards_counters_are_those_of_what_was_sent() -> None:
    result = run_test_set(SerialBoard(uart_board()), golden())
    counted = result.counted
    assert counted.inferences == counted.asked == COUNT + 256 + 1 + 1 + 10_000
    assert counted.requests == counted.sent == COUNT + 256 + 1 + 2 + 1
    assert (counted.faults, counted.notes) == ((), ())
    assert run_test_set(SerialBoard(uart_board()), golden(), count=5, bench=0).counted.asked == 11


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"inferences": -1}, "counters: inferences: the board counted 10,557, 10,558 were asked for; is another"),
        ({"inferences": 1 << 31}, "counters: inferences: the board counted 2,147,494,206, 10,558 were"),
        ({"good_frames": 7}, "counters: requests: the board counted 567, 560 were sent and 560 answered"),
    ],
)
def test_counters_that_contradict_what_was_sent_are_refused(wrong: dict[str, int], words: str) -> None:
    result = run_test_set(SerialBoard(counting(wrong)), golden())
    with pytest.raises(VerificationError, match=words):
        must_be_equal(result)
    assert "the board counted" in shown(result)


def test_errors_that_only_the_board_saw_are_said_beside_the_result() -> None:
    result = run_test_set(SerialBoard(counting({"crc_errors": 3})), golden())
    must_be_equal(result)
    assert "counters: damaged: the board counted 3, this computer saw none" in shown(result)


def test_on_a_bad_line_what_was_served_twice_is_allowed_and_more_is_said() -> None:
    result = run_test_set(SerialBoard(uart_board(Line(bits=5e-4))), golden())
    must_be_equal(result)
    assert result.counted.inferences > result.counted.asked
    assert result.counted.notes == ()
    result = run_test_set(SerialBoard(counting({"inferences": -20_000}, Line(bits=5e-4))), golden())
    must_be_equal(result)
    assert "counters: inferences: the board counted" in shown(result)


def shown(result: RunFigures) -> str:
    console = Console(width=200, record=True, file=StringIO())
    console.print(run_table(result))
    return console.export_text()
