from __future__ import annotations

import random

import pytest

from tests.doubles.uart_board import IDENTITY, TYPES, VECTOR_BYTES, Line, UartBoard, class_bytes, label_of, uart_board
from toolchain.device.link import protocol as link
from toolchain.device.link.board import must_be
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.settings import Setting
from toolchain.errors import ConfigError, ToolError, VerificationError


def vectors(count: int, seed: int = 1) -> list[bytes]:
    numbers = random.Random(seed)
    return [numbers.randbytes(VECTOR_BYTES) for _ in range(count)]


def must_be_accounted(board: SerialBoard) -> None:
    traffic = board.traffic
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent


def test_every_command_on_a_clean_line() -> None:
    port = uart_board()
    with SerialBoard(port) as board:
        assert board.identify().model_hash == IDENTITY.model_hash
        assert board.infer(vectors(1)[0]) == ((label_of(vectors(1)[0]),), 100)
        assert board.infer_many(vectors(500)) == [(label_of(vector),) for vector in vectors(500)]
        bench = board.bench(1000)
        assert bench.cycles == 10_090
        assert bench.checksum == link.bench_checksum(
            class_bytes(label_of(bytes([i] * VECTOR_BYTES)) for i in range(4)), 1000
        )
        assert board.counters() == (1501, 505, 0, None, 0)
        assert board.link_counters().good_frames == 506
        assert (board.traffic.sent, board.traffic.answered, board.traffic.breaks) == (506, 506, 1)


@pytest.mark.parametrize(
    "line",
    [
        Line(bits=3e-4),
        Line(lost=2e-3),
        Line(doubled=2e-3),
        Line(bits=1e-3, lost=2e-3, doubled=2e-3),
    ],
    ids=["flipped", "lost", "doubled", "all"],
)
def test_no_wrong_answer_and_every_frame_accounted_for(line: Line) -> None:
    port = uart_board(line)
    board = SerialBoard(port)
    assert board.infer_many(vectors(2000)) == [(label_of(vector),) for vector in vectors(2000)]
    must_be_accounted(board)
    assert line.faults > 50
    assert board.traffic.refused + board.traffic.silent > 20
    assert port.inferences >= 2000


def test_twenty_thousand_frames_with_bit_errors() -> None:
    line = Line(bits=2e-4)
    board = SerialBoard(uart_board(line))
    assert board.infer_many(vectors(20_000)) == [(label_of(vector),) for vector in vectors(20_000)]
    must_be_accounted(board)
    assert line.faults > 1000


def test_a_silent_board_ends_in_words() -> None:
    port = uart_board(Line(silent_after=2000))
    board = SerialBoard(port)
    with pytest.raises(ToolError, match="no answer to infer after 8 tries; is the board powered"):
        board.infer_many(vectors(200))
    must_be_accounted(board)


def test_nothing_connected_ends_in_words() -> None:
    with pytest.raises(ToolError, match="no answer to identify after 8 tries"):
        SerialBoard(uart_board(Line(silent_after=0)))


def test_a_line_that_is_never_quiet_ends_in_words() -> None:
    class Babbling(UartBoard):
        def read(self, seconds: float) -> bytes:
            return b"noise"

    port = uart_board()
    port.__class__ = Babbling
    with pytest.raises(ToolError, match="the line is never quiet"):
        SerialBoard(port)


def test_an_unknown_command_is_not_repeated() -> None:
    board = SerialBoard(uart_board())
    with pytest.raises(ToolError, match="identify: the board does not know the command"):
        _ask_unknown(board)


def _ask_unknown(board: SerialBoard) -> None:
    class Old(UartBoard):
        def _answer(self, command: int, sequence: int, payload: bytes) -> link.Reply:
            return link.Failure(sequence, link.UNKNOWN_COMMAND, command)

    assert isinstance(board.port, UartBoard)
    board.port.__class__ = Old
    board.identify()


def test_another_protocol_version_is_refused() -> None:
    with pytest.raises(ToolError, match="the board speaks protocol 1, the driver 2; take the driver of"):
        SerialBoard(uart_board(identity=IDENTITY._replace(version=1)))


@pytest.mark.parametrize("key", ["model_hash", "build_id"])
def test_another_model_or_build_is_refused(key: str) -> None:
    packed = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}
    identity = SerialBoard(uart_board()).identify()
    must_be(identity, packed, "port")
    with pytest.raises(VerificationError, match=rf"port: {key}: .* the package has 00; load the package's bitstream"):
        must_be(identity, {**packed, key: "00"}, "port")


def test_a_vector_of_another_length_is_refused_before_it_is_sent() -> None:
    board = SerialBoard(uart_board())
    with pytest.raises(ToolError, match="vector 1: 3 bytes; the board takes 23"):
        board.infer_many([bytes(VECTOR_BYTES), b"abc"])
    assert board.traffic.sent == 1


def test_a_class_that_does_not_exist_is_no_answer() -> None:
    port = uart_board()
    port._label = lambda vector: 5
    with pytest.raises(ToolError, match="no answer to infer"):
        SerialBoard(port).infer(bytes(VECTOR_BYTES))


def test_a_board_slower_than_the_line_gets_no_more_than_its_buffer_holds() -> None:
    board = SerialBoard(uart_board())
    board.infer(bytes(VECTOR_BYTES))
    assert board._window() == 64
    board._latency = 25_000
    assert board._window() == 1 + 63 // (VECTOR_BYTES + 10)


def test_a_long_vector_goes_in_parts_whatever_the_line_does() -> None:
    types = TYPES._replace(input=link.Tensor(8, link.SIGNED, (40, 50, 1)))
    identity = IDENTITY._replace(types=types, part_bytes=120, max_payload=127)
    numbers = random.Random(5)
    long = [numbers.randbytes(2000) for _ in range(60)]
    board = SerialBoard(uart_board(Line(bits=1e-4, lost=2e-4, doubled=2e-4, seed=3), identity))
    told = board.identify()
    assert (told.vector_bytes, told.input_type, told.input_shape) == (2000, "INT8", (40, 50, 1))
    assert board.infer_many(long) == [(label_of(vector),) for vector in long]
    traffic = board.traffic
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent
    assert traffic.refused > 10


def test_a_board_that_lost_the_parts_gets_them_again() -> None:
    types = TYPES._replace(input=link.Tensor(8, link.UNSIGNED, (300,)))
    port = uart_board(identity=IDENTITY._replace(types=types, part_bytes=100, max_payload=127))
    board, vector, forgetful = SerialBoard(port), bytes(range(100)) * 3, iter([False, True, True, False])
    real = port._answer

    def answer(command: int, sequence: int, payload: bytes) -> link.Reply:
        # Configured anew just before the rest, or before the last part, comes.
        if command != link.IDENTIFY and next(forgetful, False):
            port._held = []
        return real(command, sequence, payload)

    port._answer = answer  # type: ignore[method-assign]
    assert board.infer(vector).label == label_of(vector)
    # What was begun and never ended is no part of the next vector.
    board.port.write(link.encode_frame(link.LOAD, 9, link.vector_requests(bytes(101), 100)[0][1]))
    assert board.infer(vector).label == label_of(vector)


def test_whole_answers_are_decoded_and_others_are_no_answer() -> None:
    types = link.Types(TYPES.input, link.Tensor(12, link.SIGNED, (2, 40)), 0)
    port = uart_board(identity=IDENTITY._replace(types=types))
    values = tuple(range(-40, 40))
    port._label = lambda vector: types.answer.encode(values)
    board = SerialBoard(port)
    assert board.infer(bytes(VECTOR_BYTES)) == (values, 100)
    assert (board.bench(3).values, board.identify().output_shape) == (values, (2, 40))
    port._label = lambda vector: bytes(79)
    with pytest.raises(ToolError, match="no answer to infer"):
        board.infer(bytes(VECTOR_BYTES))


def test_a_late_reply_to_an_earlier_try_is_not_taken() -> None:
    port = uart_board()
    board = SerialBoard(port)
    port._output += link.encode_reply(link.Inference(200, b"\x04", 1))
    vector = next(v for v in vectors(50) if label_of(v) != 4)
    assert board.infer(vector).label == label_of(vector)
    assert board.traffic.strays == 1


def test_a_bench_without_an_answer_is_ended_by_a_break() -> None:
    port = uart_board()
    board = SerialBoard(port)
    port.line.silent_after = port.received
    with pytest.raises(ToolError, match="no answer to a bench of 100 within 0 s; run fewer, or allow more"):
        board.bench(100, seconds=0.0)
    assert port.breaks == 3
    must_be_accounted(board)


def without_stored(line: Line | None = None) -> SerialBoard:
    return SerialBoard(uart_board(line, IDENTITY._replace(bench_vectors=0)))


def test_without_stored_vectors_a_bench_needs_one_and_plays_the_last() -> None:
    board, [one, other] = without_stored(), vectors(2)
    with pytest.raises(ToolError, match="its bench runs the last one: infer first"):
        board.bench(3)
    board.infer_many([one, other])
    assert board.bench(3).checksum == link.bench_checksum(class_bytes([label_of(other)]), 3)
    # A break makes the board forget it; the driver sends it again.
    board.reset()
    assert board.bench(4).values == (label_of(other),)
    assert board.counters().inferences == 3 + 3 + 4


def test_a_bench_of_the_last_vector_on_a_bad_line() -> None:
    for seed in range(20):
        board, [vector] = without_stored(Line(bits=5e-4, seed=seed)), vectors(1, seed)
        board.infer(vector)
        assert board.bench(5).checksum == link.bench_checksum(class_bytes([label_of(vector)]), 5)
        must_be_accounted(board)


LEVEL, SHIFT = Setting("level", 9, False, 0, 300, 5, ""), Setting("shift", 4, True, -8, 7, -2, "", 1)


def with_settings(line: Line | None = None) -> tuple[UartBoard, SerialBoard]:
    port = uart_board(line)
    port.settings = [LEVEL.word(LEVEL.reset), SHIFT.word(SHIFT.reset)]
    return port, SerialBoard(port)


def test_a_setting_is_set_and_told() -> None:
    _, board = with_settings()
    assert (board.held(LEVEL), board.held(SHIFT)) == (5, -2)
    board.set(LEVEL, 300)
    board.set(SHIFT, -8)
    assert (board.held(LEVEL), board.held(SHIFT)) == (300, -8)


def test_a_value_outside_is_not_sent() -> None:
    port, board = with_settings()
    with pytest.raises(ConfigError, match="setting level: 301: should be from 0 to 300"):
        board.set(LEVEL, 301)
    assert port.words == port.settings


def test_settings_hold_after_a_break_of_the_driver() -> None:
    port, board = with_settings()
    board.set(LEVEL, 9)
    board.reset()
    assert board.held(LEVEL) == 9 and port.breaks == 2


def test_vectors_that_a_board_answered_without_its_setting_are_asked_again() -> None:
    port, board = with_settings(Line(bits=1e-4, seed=4))
    board.set(LEVEL, 9)
    before = port.inferences
    port.words[0] = 5  # as if it had been configured anew
    assert board.infer_many(vectors(20)) == [(label_of(vector),) for vector in vectors(20)]
    assert port.inferences >= before + 40 and port.words[0] == 9


def test_a_board_that_keeps_losing_its_setting_ends_in_words() -> None:
    port, board = with_settings()
    board.set(LEVEL, 9)
    board._write = lambda setting, value: None  # type: ignore[method-assign]
    port.words[0] = 5
    with pytest.raises(ToolError, match="the chip loses its settings; load the bitstream again"):
        board.infer_many(vectors(2))


def test_a_board_without_settings_does_not_know_them() -> None:
    with pytest.raises(ToolError, match="setting: the board does not know the command"):
        SerialBoard(uart_board()).held(LEVEL)
