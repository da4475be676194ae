"""1,000,000 host-link frames over a line with bit errors: no wrong answer, and every frame accounted for.

Run with ``make bench``. The board is a model of docs/host-link.md in plain Python and in simulated time; what the chip
itself does on a bad line is in tests/sim. Figures are simulated, and printed.
"""

from __future__ import annotations

import random
import time

import pytest

from tests.doubles.uart_board import VECTOR_BYTES, Line, label_of, uart_board
from toolchain.device.link.serial_link import SerialBoard

FRAMES = 1_000_000
BLOCK = 10_000


@pytest.mark.parametrize(
    "line",
    [Line(bits=1e-4, seed=11), Line(bits=1e-5, lost=1e-4, doubled=1e-4, seed=12)],
    ids=["bit errors", "bit errors, lost and doubled bytes"],
)
def test_a_million_frames(line: Line) -> None:
    port, numbers, wrong = uart_board(line), random.Random(1), 0
    known: set[bytes] = set()
    believed: list[bytes] = []  # vectors that the board took for good and nobody sent

    def label(vector: bytes) -> int:
        if vector not in known:
            believed.append(vector)
        return label_of(vector)

    port._label = label
    driver = SerialBoard(port)
    started = time.perf_counter()
    while driver.traffic.sent < FRAMES:
        vectors = [numbers.randbytes(VECTOR_BYTES) for _ in range(BLOCK)]
        known = set(vectors)
        answers = driver.infer_many(vectors)
        wrong += sum(answer != (label_of(vector),) for answer, vector in zip(answers, vectors, strict=True))
    seconds, traffic = time.perf_counter() - started, driver.traffic
    print(
        f"\n{traffic.sent:,} requests: {traffic.answered:,} answered, {traffic.refused:,} refused, {traffic.silent:,} "
        f"silent; {line.faults:,} faults on the line, {traffic.damaged:,} damaged replies, {traffic.strays:,} strays; "
        f"{wrong} wrong answers (simulated; {seconds:.0f} s here, {port.seconds:,.0f} s on the line)"
    )
    assert wrong == 0
    assert believed == []
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent
    # Whatever the board answered reached the driver, or was damaged on its way: none is answered twice or unasked.
    assert traffic.answered <= port.inferences + 1
    assert port.inferences - traffic.answered <= traffic.silent
