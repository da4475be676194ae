from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.package.vectors import VectorFormat, write_vectors


def test_vectors_can_be_read_with_the_standard_library_alone(tmp_path: Path) -> None:
    layout = VectorFormat(2, 10, "BINARY", 2, ["normal", "DoS"])
    write_vectors(tmp_path, layout, bytes([1, 2, 3, 0]), bytes([0, 1]))
    described = json.loads((tmp_path / "vectors.json").read_text())
    data = (tmp_path / described["vectors"]).read_bytes()
    size = described["vector_bytes"]
    assert [data[i * size : (i + 1) * size] for i in range(described["count"])] == [b"\x01\x02", b"\x03\x00"]
    assert (tmp_path / described["labels"]).read_bytes() == b"\x00\x01"


def test_sizes_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 bytes of vectors"):
        write_vectors(tmp_path, VectorFormat(2, 10, "BINARY", 2, []), b"123", b"12")
