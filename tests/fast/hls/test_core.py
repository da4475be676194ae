from __future__ import annotations

import json

import pytest

from hls.core import CoreDescription, CoreOutput
from toolchain.errors import BuildError
from toolchain.graph.tap import Tap

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


def test_json_round_trip() -> None:
    assert CoreDescription.from_json(json.loads(json.dumps(CORE.to_json()))) == CORE


def test_stream_beats() -> None:
    assert (CORE.layers[0].beats, CORE.layers[0].beat_bits) == (3, 4)


@pytest.mark.parametrize("change", ["missing", "unknown"])
def test_malformed_json_is_one_clear_error(change: str) -> None:
    raw = CORE.to_json()
    if change == "missing":
        del raw["layers"]
    else:
        raw["surprise"] = 1
    with pytest.raises(BuildError, match=r"core\.json"):
        CoreDescription.from_json(raw)
