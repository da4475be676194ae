"""Windows through the driver of the serial host link, against a board that keeps to the protocol."""

from __future__ import annotations

import numpy as np

from tests.doubles.uart_board import VECTOR_BYTES, Line, label_of, uart_board
from toolchain.can.live.classify import BoardClassifier
from toolchain.device.link.serial_link import SerialBoard
from toolchain.training.inputs import pack


def test_the_board_sees_the_packed_windows_and_its_classes_come_back_also_over_a_bad_line() -> None:
    x = np.random.default_rng(1).integers(0, 2, (300, 8 * VECTOR_BYTES)).astype(np.uint8)
    with SerialBoard(uart_board(Line(bits=1e-4))) as board:
        labels = BoardClassifier("a board", board, "BINARY", 256).labels(x)
    assert labels.tolist() == [label_of(row.tobytes()) for row in pack(x, "BINARY")]
