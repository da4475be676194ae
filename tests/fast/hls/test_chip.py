"""The generated top: its constants, its bench ROM, and what it refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hls.chip import (
    LINK_COST,
    LINK_SOURCES,
    STREAM_SOURCES,
    frame_bytes,
    generate_chip,
    part_bytes,
    played_inputs,
    types_of,
    vector_bytes,
)
from toolchain.device.link.protocol import (
    BIPOLAR,
    IDENTIFY,
    REPLY,
    SIGNED,
    Identity,
    Tensor,
    encode_frame,
    parse_replies,
)
from toolchain.device.link.streamed import is_streamed
from toolchain.errors import ConfigError, FitError, GateweaveError
from toolchain.fpga.families.gowin import GowinBackend
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.results.core import CoreDescription, CoreOutput

CORE = CoreDescription(
    strategy="folded",
    sources=("a.v", "gateweave_core.v"),
    roms=("a.hex",),
    input_type="UINT2",
    vector_bits=20,
    in_width=4,
    in_beats=5,
    output=CoreOutput.label(3),
    initiation_interval=9,
    layers=(),
)
ARGUMENTS: dict[str, Any] = {
    "clock_hz": 25_000_000,
    "baud": 1_000_000,
    "model_hash": bytes.fromhex("0123456789abcdef"),
    "build_id": bytes.fromhex("fedcba9876543210"),
    "bench": np.arange(20).reshape(2, 10) % 4,
}


def generate(folder: Path, core: CoreDescription = CORE, **changes: Any) -> list[str]:
    return generate_chip(core, folder, **{**ARGUMENTS, **changes})


def test_all_sources_are_there(tmp_path: Path) -> None:
    names = generate(tmp_path)
    assert names == [*CORE.sources, *LINK_SOURCES, "chip.v"]
    own = set(names) - set(CORE.sources)
    assert {path.name for path in tmp_path.iterdir()} == own | {"bench.hex"}


def test_constants_of_the_top(tmp_path: Path) -> None:
    generate(tmp_path)
    text = (tmp_path / "chip.v").read_text()
    for constant in (
        "CLOCK_HZ      = 25000000;",
        "BAUD          = 1000000;",
        "VECTOR_BYTES  = 3;",
        "IN_WIDTH      = 4;",
        "IN_BEATS      = 5;",
        "PARTS         = 0;",
        "OUT_BITS      = 2;",
        "OUT_ELEMENTS  = 1;",
        "OUT_BEATS     = 1;",
        "OUT_SIGNED    = 0;",
        "BENCH_VECTORS = 2;",
        "MODEL_HASH = 64'h0123456789abcdef;",
        "BUILD_ID   = 64'hfedcba9876543210;",
    ):
        assert f" {constant}" in text


def test_bench_rom_holds_the_beats_in_order(tmp_path: Path) -> None:
    """Elements 0 1 2 3 0 1 ...: two elements of two bits a beat, the first in the low bits."""
    generate(tmp_path)
    words = (tmp_path / "bench.hex").read_text().split()
    assert words == ["4", "e", "4", "e", "4", "e", "4", "e", "4", "e"]


def test_without_bench_vectors_there_is_no_rom(tmp_path: Path) -> None:
    generate(tmp_path, bench=np.zeros((0, 10)))
    assert " BENCH_VECTORS = 0;" in (tmp_path / "chip.v").read_text()
    assert not (tmp_path / "bench.hex").exists()


def test_one_beat_rom(tmp_path: Path) -> None:
    core = dataclasses.replace(CORE, in_width=20, in_beats=1)
    generate(tmp_path, core)
    assert (tmp_path / "bench.hex").read_text().split() == ["4e4e4", "e4e4e"]


def test_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        generate(tmp_path / name)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("bits", "expected"), [(1, 1), (8, 1), (9, 2), (316, 40)])
def test_vector_bytes(bits: int, expected: int) -> None:
    assert vector_bytes(dataclasses.replace(CORE, vector_bits=bits)) == expected


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model_hash": b"short"}, ConfigError, r"8 bytes each, not \[5, 8\]"),
        ({"build_id": bytes(9)}, ConfigError, r"8 bytes each, not \[8, 9\]"),
        ({"baud": 4_000_000}, ConfigError, "too fast .* use 3125000 or less"),
        ({"timeout_us": 10}, ConfigError, "time-out of 10 us"),
        ({"bench": np.full((1, 10), 4)}, GateweaveError, "4 is outside UINT2"),
    ],
)
def test_bad_arguments(tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        generate(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_cores_that_the_link_cannot_carry(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="an answer of up to 65,280 bytes, not of 70,000"):
        generate(tmp_path, dataclasses.replace(CORE, output=CoreOutput(35_000, 16, True, 1, None)))
    with pytest.raises(FitError, match="65,280 bytes in a frame, not beats of 530,000 bits"):
        generate(tmp_path, dataclasses.replace(CORE, in_width=530_000, in_beats=1, vector_bits=530_000))
    with pytest.raises(ConfigError, match="5 beats of 3 bits are not 20 bits"):
        generate(tmp_path, dataclasses.replace(CORE, in_width=3))


def test_long_vectors_come_in_parts_of_whole_bytes_and_beats() -> None:
    def parts(elements: int, lanes: int, bits: int) -> int:
        shape = {"vector_bits": elements * bits, "in_width": lanes * bits, "in_beats": elements // lanes}
        return part_bytes(dataclasses.replace(CORE, **shape))

    assert [parts(1024, 1, 8), parts(1025, 1, 8), parts(27_648, 3, 8)] == [0, 1024, 1023]
    assert parts(3000, 3, 7) == 1008
    # A beat of over a thousand bytes is a part by itself.
    assert [parts(6000, 3000, 8), parts(3000, 3000, 8)] == [3000, 0]


def test_a_chip_tells_what_goes_in_and_comes_out() -> None:
    image = dataclasses.replace(CORE, input_type="INT8", vector_bits=8 * 60, input_shape=(4, 5, 3))
    scores = dataclasses.replace(image, output=CoreOutput(12, 20, True, 4, None))
    assert types_of(image).input == Tensor(8, SIGNED, (4, 5, 3))
    assert types_of(dataclasses.replace(CORE, input_type="BIPOLAR", vector_bits=9)).input == Tensor(1, BIPOLAR, (9,))
    assert (types_of(scores).output, types_of(scores).classes) == (Tensor(20, SIGNED, (12,)), 0)
    assert types_of(scores).answer == scores.output.layout


def test_a_chip_takes_what_core_and_host_link_take() -> None:
    core = {"lut": 1108, "ff": 406, "bram": 12}
    assert LINK_COST.with_core(core, 6) == {"lut": 1108 + LINK_COST.lut, "ff": 406 + LINK_COST.ff, "bram": 18}


def test_vectors_take_whole_block_rams_beside_the_link_s_own() -> None:
    """Images of 784 bytes, one that comes in and one stored: two small block RAMs each, or one large one."""
    image = (784, 8)
    small, large = Ice40Backend.block_ram, GowinBackend.block_ram
    own = LINK_COST.blocks_beside((), small)
    assert LINK_COST.blocks_beside((image, image), small) == own + 4
    assert LINK_COST.blocks_beside((image, image), large) == own + 2


def test_what_is_large_for_the_board_or_for_a_frame_is_streamed() -> None:
    """A quarter of the block RAM may be held, and no answer that is longer than a frame."""
    memory = 208 * 18 * 128
    assert LINK_COST.form_for(27_648, 2, memory) is LINK_COST
    assert LINK_COST.form_for(memory // 4 - 10, 10, memory).holds
    for vector, answer in ((memory // 4 - 9, 10), (98_304, 262_144), (100, 65_281)):
        streamed = LINK_COST.form_for(vector, answer, memory)
        assert not streamed.holds
        streamed.must_carry(vector, answer)
        assert streamed.form_for(vector, answer, memory) is streamed


def test_a_streamed_chip_tells_all_that_its_link_asks_for(tmp_path: Path) -> None:
    core = dataclasses.replace(
        CORE, vector_bits=4 * 30_000, in_beats=30_000, output=CoreOutput(90_000, 9, True, 1, None)
    )
    names = generate(tmp_path, core, bench=np.zeros((0, 60_000)), streamed=True)
    assert names == [*CORE.sources, *STREAM_SOURCES, "chip.v"]
    text = (tmp_path / "chip.v").read_text()
    told = bytes.fromhex(text.split("IDENTITY = 456'h")[1].split(";")[0])[::-1]
    [identity] = parse_replies(encode_frame(REPLY | IDENTIFY, 0, told))
    assert isinstance(identity, Identity) and is_streamed(identity)
    assert (identity.vector_bytes, identity.part_bytes, identity.max_payload) == (15_000, frame_bytes(core), 2047)
    assert identity.types == types_of(core)
    assert " stream_link #(" in text and ".PART_BYTES(PART_BYTES)" in text


def test_a_bench_of_a_streamed_chip_plays_the_first_part_over_and_over() -> None:
    core = dataclasses.replace(CORE, vector_bits=8 * 3000, in_width=24, in_beats=1000, input_type="INT8")
    x = np.arange(3000) % 128
    played = played_inputs(core, x)
    assert frame_bytes(core) == 1023 and len(played) == 3000
    assert np.array_equal(played, x[np.arange(3000) % 1023])
