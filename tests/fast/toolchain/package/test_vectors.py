from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.device.link.golden import read_golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import BuildError
from toolchain.package.vectors import VectorFormat, write_vectors

CLASSES = VectorFormat(2, 10, "BINARY", 2, AnswerLayout.of_class(2), ["normal", "DoS"])
SCORES = VectorFormat(2, 10, "BINARY", 2, AnswerLayout(3, 12, True, 0), ["a", "b", "c"], 0.5, -1.0)
VECTORS = bytes([1, 2, 3, 0])


def test_vectors_can_be_read_with_the_standard_library_alone(tmp_path: Path) -> None:
    write_vectors(tmp_path, CLASSES, VECTORS, bytes([0, 1]))
    described = json.loads((tmp_path / "vectors.json").read_text())
    data = (tmp_path / described["vectors"]).read_bytes()
    size = described["vector_bytes"]
    assert [data[i * size : (i + 1) * size] for i in range(described["count"])] == [b"\x01\x02", b"\x03\x00"]
    assert (tmp_path / described["answers"]).read_bytes() == b"\x00\x01"


def test_answers_are_told_as_what_they_are(tmp_path: Path) -> None:
    write_vectors(tmp_path, CLASSES, VECTORS, bytes([0, 1]))
    golden = read_golden(tmp_path)
    assert golden.answers(9) == [(0,), (1,)]
    assert (golden.label((1,)), golden.told((1,))) == (1, "class 1 (DoS)")
    write_vectors(tmp_path, SCORES, VECTORS, SCORES.answer.encode([-3, 7, 7]) + bytes(6))
    golden = read_golden(tmp_path)
    assert golden.answer(0) == (-3, 7, 7)
    # The first greatest.
    assert (golden.label((-3, 7, 7)), golden.told((-3, 7, 7))) == (1, "class 1 (b): -3 7 7")


def test_a_vector_of_integers_tells_no_class(tmp_path: Path) -> None:
    write_vectors(tmp_path, VectorFormat(1, 8, "UINT2", 2, AnswerLayout(20, 8, True, 0), None), b"ab", bytes(20))
    golden = read_golden(tmp_path)
    assert (golden.label(golden.answer(0)), golden.told(golden.answer(0))) == (None, "0 " * 15 + "0 and 4 more")


def test_golden_vectors_of_another_version_are_refused(tmp_path: Path) -> None:
    write_vectors(tmp_path, CLASSES, VECTORS, bytes([0, 1]))
    described = json.loads((tmp_path / "vectors.json").read_text())
    del described["format"]
    (tmp_path / "vectors.json").write_text(json.dumps(described))
    with pytest.raises(BuildError, match="format: None: should be 2; the package is of another version"):
        read_golden(tmp_path)


def test_sizes_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 bytes of vectors"):
        write_vectors(tmp_path, CLASSES, b"123", b"12")
    write_vectors(tmp_path, CLASSES, VECTORS, bytes([0, 1]))
    (tmp_path / "answers.bin").write_bytes(b"1")
    with pytest.raises(BuildError, match="does not fit its files"):
        read_golden(tmp_path)
