from __future__ import annotations

import zlib

from toolchain.device.link.axi.answers import Bench, Identity
from toolchain.device.link.board import Difference, bench_answer, differences, wrong_labels

IDENTITY = Identity(b"m" * 8, b"b" * 8, 40, 5, 25_000_000, 16, "chip")


def test_figures_that_differ_are_named_in_order() -> None:
    assert differences(IDENTITY, {"classes": 5, "clock_hz": 25_000_000}) == []
    found = differences(IDENTITY, {"classes": 4, "vector_bytes": 40, "bench_vectors": 8})
    assert found == [Difference("classes", 4, 5), Difference("bench_vectors", 8, 16)]


def test_an_answer_that_never_came_lacks_everything() -> None:
    assert differences(None, {"label": 0, "checksum": 1}) == [("label", 0, None), ("checksum", 1, None)]


def test_wrong_labels_are_those_that_differ_or_have_no_counterpart() -> None:
    assert wrong_labels([1, 2, 3], b"\x01\x02\x03\x04") == []
    assert wrong_labels([1, None, 0, 7], [1, 2, 3]) == [1, 2, 3]


def test_a_bench_answers_with_its_last_class_and_the_checksum_of_all() -> None:
    right = bench_answer([3, 1, 2], 5)
    assert right == {"label": 1, "checksum": zlib.crc32(bytes([3, 1, 2, 3, 1]))}
    assert differences(Bench(5, 1, 9, right["checksum"], 0.1), right) == []
