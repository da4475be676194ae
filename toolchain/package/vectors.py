"""Golden vectors as plain bytes, so that a board's agent reads them without any library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain.files import write_atomic


@dataclass(frozen=True)
class VectorFormat:
    """How `vectors.bin` is laid out.

    Attributes:
        count: number of vectors.
        elements: integers in one vector.
        element_type: their qonnx type.
        vector_bytes: bytes of one packed vector, zero bits at the end.
        classes: names of the classes, in the order of the labels.
    """

    count: int
    elements: int
    element_type: str
    vector_bytes: int
    classes: Sequence[str]


def write_vectors(folder: Path, layout: VectorFormat, packed: bytes, labels: bytes) -> None:
    """Write `vectors.bin`, `labels.bin` and `vectors.json`, which describes them.

    Args:
        packed: packed vectors one after the other: element 0 in the lowest bits of byte 0.
        labels: one byte a vector: the class that every stage gave.

    Raises:
        ValueError: the sizes disagree with the layout.
    """
    if len(packed) != layout.count * layout.vector_bytes or len(labels) != layout.count:
        raise ValueError(f"{len(packed)} bytes of vectors and {len(labels)} labels: not {layout}")
    note = "element 0 in the lowest bits of byte 0; each vector padded with zero bits to whole bytes"
    write_atomic(folder / "vectors.bin", packed)
    write_atomic(folder / "labels.bin", labels)
    described = {
        **asdict(layout),
        "packing": note,
        "labels": "labels.bin",
        "vectors": "vectors.bin",
    }
    write_atomic(folder / "vectors.json", json.dumps(described, indent=2) + "\n")
