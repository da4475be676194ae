from __future__ import annotations

import pytest

from tests.fast.toolchain.run.test_testset import COUNT, LABELS, golden, uart_board
from toolchain.device.link.serial_link import SerialBoard
from toolchain.errors import VerificationError
from toolchain.measure.proving import proven


def test_all_answers_are_held_against_the_right_ones_and_stages_counted() -> None:
    found = proven(SerialBoard(uart_board()), golden(), 60.0, range(5))
    assert found.compared == COUNT and found.decisions is not None
    assert found.decisions.answered == tuple(LABELS.count(n) for n in range(5)) and found.decisions.equal == COUNT
    assert proven(SerialBoard(uart_board()), golden(), 60.0).decisions is None


def test_some_are_where_there_is_no_time() -> None:
    assert 0 < proven(SerialBoard(uart_board()), golden(), 0.0).compared < COUNT


def test_nothing_is_measured_of_a_board_that_answers_otherwise() -> None:
    wrong = bytes([*LABELS[:5], (LABELS[5] + 1) % 5, *LABELS[6:]])
    with pytest.raises(VerificationError, match=r"nothing is measured: 1 of 300 answers differ; .* vector 5"):
        proven(SerialBoard(uart_board()), golden(wrong), 60.0)
