"""Golden vectors are read back as they were written, or not written at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.properties import given, st
from toolchain.device.link.protocol import AnswerLayout
from toolchain.package.vectors import VectorFormat, write_vectors


@st.composite
def golden(draw: Any) -> tuple[VectorFormat, bytes, bytes]:
    """A layout, with vectors and answers that fit it."""
    count, size = draw(st.integers(0, 20)), draw(st.integers(1, 12))
    names = draw(st.lists(st.text(max_size=12), max_size=4))
    answer = AnswerLayout(draw(st.integers(1, 5)), draw(st.integers(1, 40)), draw(st.booleans()), 0)
    layout = VectorFormat(count, 8 * size, "BINARY", size, answer, names)
    packed = draw(st.binary(min_size=count * size, max_size=count * size))
    return layout, packed, draw(st.binary(min_size=count * answer.size, max_size=count * answer.size))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@given(made=golden())
def test_what_is_written_is_read(folder: Path, made: tuple[VectorFormat, bytes, bytes]) -> None:
    layout, packed, answers = made
    write_vectors(folder, layout, packed, answers)
    told = json.loads((folder / "vectors.json").read_text())
    read = {**{key: told[key] for key in vars(layout)}, "answer": AnswerLayout(**told["answer"])}
    assert VectorFormat(**read) == layout
    assert (folder / told["vectors"]).read_bytes() == packed
    assert (folder / told["answers"]).read_bytes() == answers


@given(made=golden(), extra=st.binary(min_size=1, max_size=3), of_answers=st.booleans())
def test_what_does_not_fit_its_layout_is_not_written(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[VectorFormat, bytes, bytes],
    extra: bytes,
    of_answers: bool,
) -> None:
    layout, packed, answers = made
    folder = tmp_path_factory.mktemp("refused")
    wrong = (packed, answers + extra) if of_answers else (packed + extra, answers)
    with pytest.raises(ValueError, match="bytes of vectors"):
        write_vectors(folder, layout, *wrong)
    assert list(folder.iterdir()) == []
