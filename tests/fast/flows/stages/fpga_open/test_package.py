"""What the README of a package says of the board's vectors and answers."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.stages import files
from flows.stages.fpga_open import package
from toolchain.results.core import CoreDescription, CoreOutput

CORE = CoreDescription("folded", (), (), "BINARY", 316, 4, 79, CoreOutput.label(5), 79, ())
SCORES = replace(CORE, input_type="INT8", vector_bits=8 * 3072, output=CoreOutput(640, 8, True, 4, None))


@pytest.mark.parametrize(
    ("core", "streamed", "asked"),
    [
        (CORE, False, ("316 integers of type BINARY", "a class from 0 to 4", "label", 0)),
        (SCORES, False, ("3,072 integers of type INT8", "640 integers of 8 bits with a sign", "values", 0)),
        (SCORES, True, ("3,072 integers of type INT8", "640 integers of 8 bits with a sign", "values", 3072 + 640)),
    ],
)
def test_vectors_and_answers_are_told(
    core: CoreDescription, streamed: bool, asked: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "chip", lambda context: SimpleNamespace(core=core, streamed=streamed))
    told = package._asked(None)  # type: ignore[arg-type]
    assert (told.vector, told.answer, told.attribute, told.streamed) == asked
