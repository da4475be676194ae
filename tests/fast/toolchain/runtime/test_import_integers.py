"""What a file whose framework computes with integers ends in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.runtime.import_integers import last_of


@pytest.mark.parametrize(("softmax", "last"), [(True, "Softmax"), (False, "")])
def test_a_softmax_of_codes_is_seen(tmp_path: Path, softmax: bool, last: str) -> None:
    flat = Flat()
    end = x = flat.input((1, 4), 0.1, 0)
    if softmax:
        end = flat.tensor((1, 4), 1 / 256, -128)
        flat.operator("SOFTMAX", [x], [end], Beta=1.0)
    shaped = flat.tensor((1, 2, 2), *((1 / 256, -128) if softmax else (0.1, 0)))
    flat.operator("RESHAPE", [end, flat.constant([1, 2, 2], "INT32")], [shaped])
    assert last_of(read_tflite(flat.end(shaped).save(tmp_path / "net.tflite")).graph) == last
