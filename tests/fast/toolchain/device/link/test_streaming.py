"""The driver of the streamed form against a board in plain Python, on a good line and on bad ones."""

from __future__ import annotations

import random

import pytest

from tests.doubles.streamed_board import PART, answer_to, streamed_board
from tests.doubles.uart_board import Line
from toolchain.device.link import protocol as link
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.streaming import LostError
from toolchain.errors import ToolError

VECTOR, ANSWER = 70, 130


def vectors(count: int, seed: int = 1) -> list[bytes]:
    numbers = random.Random(seed)
    return [numbers.randbytes(VECTOR) for _ in range(count)]


def right(packed: list[bytes]) -> list[tuple[int, ...]]:
    return [tuple(answer_to(vector, ANSWER)) for vector in packed]


@pytest.mark.parametrize(
    "line",
    [Line(), Line(bits=3e-4), Line(lost=1e-3), Line(doubled=1e-3), Line(bits=5e-4, lost=5e-4, doubled=5e-4)],
    ids=["clean", "flipped", "lost", "doubled", "all"],
)
def test_answers_of_any_size_come_whole(line: Line) -> None:
    port = streamed_board(VECTOR, ANSWER, line)
    board = SerialBoard(port)
    told = board.identify()
    assert (told.vector_bytes, told.answer.size, told.bench_vectors) == (VECTOR, ANSWER, 0)
    assert board.infer_many(vectors(80)) == right(vectors(80))
    assert board.infer(vectors(3)[2]) == (right(vectors(3))[2], None)
    traffic = board.traffic
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent
    assert port.refused_parts > 0


@pytest.mark.parametrize("seed", range(8))
def test_a_board_configured_anew_on_the_way_gets_the_vector_again(seed: int) -> None:
    port, numbers = streamed_board(VECTOR, ANSWER), random.Random(seed)
    board, real = SerialBoard(port), port._answer

    def answer(command: int, sequence: int, payload: bytes) -> link.Reply:
        if numbers.random() < 0.02:
            port.configure()
        return real(command, sequence, payload)

    port._answer = answer  # type: ignore[method-assign]
    assert board.infer_many(vectors(20, seed)) == right(vectors(20, seed))
    assert port.breaks > 1


def test_a_board_that_always_loses_its_place_ends_in_words() -> None:
    port = streamed_board(VECTOR, ANSWER)
    board, real = SerialBoard(port, Patience(stall=0.0)), port._take

    def take(sequence: int, part: bytes, number: int) -> object:
        port._waiting = port._waiting[:1]  # all but one part of each answer is lost
        return real(sequence, part, number)

    port._take = take  # type: ignore[method-assign, assignment]
    with pytest.raises(ToolError, match="no part of an answer within 0 s, 8 times in a row; load the bitstream again"):
        board.infer(vectors(1)[0])


def test_who_stops_early_disturbs_nobody() -> None:
    port = streamed_board(VECTOR, ANSWER)
    board, packed = SerialBoard(port), vectors(3)
    first = next(board.streaming.pieces(packed, board.link_identity))
    assert first == answer_to(packed[0], ANSWER)[:PART]
    assert board.infer(packed[1]).values == right(packed)[1]


def test_a_part_of_the_wrong_size_is_no_part() -> None:
    port = streamed_board(VECTOR, ANSWER)
    board = SerialBoard(port)
    port._label = lambda vector: bytes(ANSWER - 1)
    with pytest.raises(LostError, match="came in 9 bytes"):
        list(board.streaming.pieces(vectors(1), board.link_identity))


def test_a_bench_plays_the_first_part_of_the_vector_told() -> None:
    port = streamed_board(VECTOR, ANSWER)
    board, packed = SerialBoard(port), vectors(2)
    with pytest.raises(ToolError, match="its bench runs the last one: infer first"):
        board.bench(3)
    board.infer(packed[0])
    for vector in packed:
        board.play(vector)
        played = (vector[:PART] * 4)[:VECTOR]
        bench = board.bench(5)
        assert (bench.values, bench.cycles) == ((), 140)
        assert bench.checksum == link.bench_checksum([answer_to(played, ANSWER)], 5)
    assert board.infer(packed[1]).values == right(packed)[1]
    assert board.counters().inferences == 1 + 5 + 5 + 1
