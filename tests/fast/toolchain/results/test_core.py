from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from toolchain.errors import BuildError
from toolchain.results.core import CoreDescription, CoreOutput, Tap, read_core, write_core
from toolchain.results.model import OtherVersionError

CORE = CoreDescription(
    strategy="folded",
    sources=("gateweave_core.v",),
    roms=("layer0_weights.hex",),
    input_type="INT4",
    vector_bits=12,
    in_width=4,
    in_beats=3,
    output=CoreOutput.label(3),
    initiation_interval=9,
    layers=(Tap("fc0", "s0", 6, 2, False, 2, 4), Tap("fc1", "s1", 3, 5, True, 1, 5)),
)


def test_a_core_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_core(tmp_path, CORE)
    assert read_core(tmp_path) == CORE


def test_stream_beats() -> None:
    assert (CORE.layers[0].beats, CORE.layers[0].beat_bits) == (3, 4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layers": None}, r"core\.layers: null: "),
        ({"surprise": 1}, r"core\.surprise: "),
        ({"layers": [{**asdict(CORE.layers[0]), "more": 1}]}, r"core\.layers\.0\.more: "),
        ({"vector_bits": "12"}, r"core\.vector_bits: '12'"),
    ],
)
def test_what_is_no_core_is_one_clear_error(tmp_path: Path, change: dict[str, object], words: str) -> None:
    write_core(tmp_path, CORE)
    said = json.loads((tmp_path / "core.json").read_text())
    said["core"] |= change
    (tmp_path / "core.json").write_text(json.dumps(said))
    with pytest.raises(BuildError, match=rf"core\.json: not a core description: {words}.*; run `make build` again"):
        read_core(tmp_path)
    (tmp_path / "core.json").write_text(json.dumps({**said, "version": 0}))
    with pytest.raises(OtherVersionError, match=r"core\.json: a core description of version 0"):
        read_core(tmp_path)
