from __future__ import annotations

import zlib

from toolchain.device.link.answers import Bench, Identity
from toolchain.device.link.board import BenchAnswer, Difference, bench_answer, differences, wrong_answers
from toolchain.device.link.protocol import AnswerLayout

IDENTITY = Identity(b"m" * 8, b"b" * 8, 40, AnswerLayout.of_class(5), 25_000_000, 16, "chip")


def test_figures_that_differ_are_named_in_order() -> None:
    assert differences(IDENTITY, {"answer": AnswerLayout.of_class(5), "clock_hz": 25_000_000}) == []
    found = differences(IDENTITY, {"clock_hz": 1, "vector_bytes": 40, "bench_vectors": 8})
    assert found == [Difference("clock_hz", 1, 25_000_000), Difference("bench_vectors", 8, 16)]


def test_an_answer_that_never_came_lacks_everything() -> None:
    assert differences(None, {"label": 0, "checksum": 1}) == [("label", 0, None), ("checksum", 1, None)]


def test_wrong_answers_are_those_that_differ_or_have_no_counterpart() -> None:
    assert wrong_answers([(1,), (2,), (3,)], [(1,), (2,), (3,), (4,)]) == []
    wrong = wrong_answers([(1,), None, (0,), (7,)], [(1,), (2,), (3,)])
    assert wrong == [(1, 0, 2, None), (2, 0, 3, 0), (3, 0, None, 7)]


def test_the_first_element_that_differs_is_named() -> None:
    right = [(5, -1, 7), (0, 0, 0), (1, 2, 3)]
    assert wrong_answers([(5, -2, 8), (0, 0, 0), (1, 2)], right) == [(0, 1, -1, -2), (2, 2, 3, None)]


def test_a_bench_answers_with_its_last_answer_and_the_checksum_of_all() -> None:
    right = bench_answer(AnswerLayout.of_class(4), [(3,), (1,), (2,)], 5)
    assert right == BenchAnswer((1,), zlib.crc32(bytes([3, 1, 2, 3, 1])))
    assert differences(Bench(5, (1,), 9, right.checksum, 0.1), right._asdict()) == []
