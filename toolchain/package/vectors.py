"""Golden vectors as plain bytes, so that a board's agent reads them without any library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.device.link.golden import VECTORS_FORMAT
from toolchain.device.link.protocol import AnswerLayout
from toolchain.files import write_atomic


@dataclass(frozen=True)
class VectorFormat:
    """How `vectors.bin` and `answers.bin` are laid out.

    Attributes:
        count: number of vectors.
        elements: integers in one vector.
        element_type: their qonnx type.
        vector_bytes: bytes of one packed vector, zero bits at the end.
        answer: what an answer is, and how it lies in bytes.
        classes: names of the classes that answers tell, in order; None where they tell none.
        scale, offset: of a vector of integers, the network's own output is ``scale * integer + offset``; None where
            that is not known.
    """

    count: int
    elements: int
    element_type: str
    vector_bytes: int
    answer: AnswerLayout
    classes: Sequence[str] | None
    scale: float | None = None
    offset: float | None = None


def write_vectors(folder: Path, layout: VectorFormat, packed: bytes, answers: bytes, played: bytes = b"") -> None:
    """Write `vectors.bin`, `answers.bin`, `played.bin` where there is one, and `vectors.json`, which describes them.

    Args:
        packed: packed vectors one after the other: element 0 in the lowest bits of byte 0.
        answers: the answer that every stage gave to each, as `layout.answer` lays it.
        played: the same of the first part of vector 0, over and over, where the board's bench plays that.

    Raises:
        ValueError: the sizes disagree with the layout.
    """
    if (len(packed), len(answers)) != (layout.count * layout.vector_bytes, layout.count * layout.answer.size):
        raise ValueError(f"{len(packed)} bytes of vectors and {len(answers)} of answers: not {layout}")
    if len(played) not in (0, layout.answer.size):
        raise ValueError(f"{len(played)} bytes of an answer: not {layout}")
    write_atomic(folder / "vectors.bin", packed)
    write_atomic(folder / "answers.bin", answers)
    if played:
        write_atomic(folder / "played.bin", played)
    described = {
        "format": VECTORS_FORMAT,
        **vars(layout),
        "answer": layout.answer._asdict(),
        "packing": "element 0 in the lowest bits of byte 0; each vector padded with zero bits to whole bytes",
        "laying": "each element of an answer extended by its sign to whole bytes, low byte first",
        "answers": "answers.bin",
        "vectors": "vectors.bin",
        **({"played": "played.bin"} if played else {}),
    }
    write_atomic(folder / "vectors.json", json.dumps(described, indent=2) + "\n")
