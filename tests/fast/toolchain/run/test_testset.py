from __future__ import annotations

import random
from io import StringIO

import pytest
from rich.console import Console

from tests.doubles.uart_board import VECTOR_BYTES, Line, label_of, uart_board
from toolchain.errors import VerificationError
from toolchain.hostlink.axi.golden import Golden
from toolchain.hostlink.serial_link import SerialBoard
from toolchain.run.table import run_table
from toolchain.run.testset import must_be_equal, run_test_set

COUNT = 300
CLASSES = ["normal", "dos", "fuzzing", "gear", "rpm"]
# The first ones are those that the double stores for its bench.
VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(4)]
VECTORS += [random.Random(seed).randbytes(VECTOR_BYTES) for seed in range(4, COUNT)]
LABELS = bytes(map(label_of, VECTORS))


def golden(labels: bytes = LABELS) -> Golden:
    described = {"count": COUNT, "vector_bytes": VECTOR_BYTES, "classes": CLASSES}
    return Golden(described, b"".join(VECTORS), labels)


def test_answers_accuracy_and_latency() -> None:
    truth = [0, *LABELS[1:]] if LABELS[0] else [1, *LABELS[1:]]
    seen: list[tuple[int, int]] = []
    result = run_test_set(
        SerialBoard(uart_board()), golden(), truth=truth, progress=lambda done, total: seen.append((done, total))
    )
    must_be_equal(result)
    assert (result["answers"]["compared"], result["answers"]["equal"]) == (COUNT, COUNT)
    assert result["accuracy"]["accuracy"] == (COUNT - 1) / COUNT
    assert sum(map(sum, result["accuracy"]["confusion"]["matrix"])) == COUNT
    seconds = result["latency"]["seconds"]
    assert seconds["fabric"]["median"] == 100 / 25e6
    assert seconds["end_to_end"]["median"] > seconds["driver"]["median"] > 0
    assert len(result["latency"]["end_to_end_seconds"]) == 256
    assert result["bench"]["initiation_interval"] == 10
    assert result["bench"]["inferences_per_second"] == 2.5e6
    assert seen[-1] == (COUNT, COUNT)
    groups = ("answers", "accuracy", "latency", "bench", "throughput")
    assert {result[group]["kind"] for group in groups} == {"measured"}


def test_a_virtual_boards_times_are_labelled() -> None:
    result = run_test_set(SerialBoard(uart_board()), golden(), virtual=True, count=20, truth=list(LABELS))
    kinds = {group: result[group]["kind"] for group in ("answers", "accuracy", "latency", "throughput", "bench")}
    assert kinds == {
        "answers": "simulated",
        "accuracy": "simulated",
        "latency": "emulated",
        "throughput": "emulated",
        "bench": "simulated",
    }
    assert result["latency"]["cycles"]["kind"] == "simulated"
    assert result["accuracy"]["windows"] == 20
    assert not result["accuracy"]["whole_test_set"]


def test_a_difference_is_counted_named_and_refused() -> None:
    labels = bytes([*LABELS[:17], (LABELS[17] + 1) % 5, *LABELS[18:]])
    result = run_test_set(SerialBoard(uart_board()), golden(labels))
    assert result["answers"]["equal"] == COUNT - 1
    assert result["accuracy"] is None
    with pytest.raises(VerificationError, match="1 of 300 answers differ; the first: vector 17: class"):
        must_be_equal(result)


def test_a_wrong_bench_is_refused() -> None:
    board = uart_board()
    board._stored[2] = b"another vector"
    result = run_test_set(SerialBoard(board), golden())
    with pytest.raises(VerificationError, match="bench: checksum"):
        must_be_equal(result)


def test_a_bad_line_changes_no_answer_and_is_told() -> None:
    result = run_test_set(SerialBoard(uart_board(Line(bits=5e-4))), golden())
    must_be_equal(result)
    traffic = result["traffic"]
    assert traffic["sent"] == traffic["answered"] + traffic["refused"] + traffic["silent"]
    assert traffic["sent"] > traffic["answered"]
    console = Console(width=100, record=True, file=StringIO())
    console.print(run_table(result))
    assert f"{traffic['sent'] - traffic['answered']} of {traffic['sent']}" in console.export_text()
