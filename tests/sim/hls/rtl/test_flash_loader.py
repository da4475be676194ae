"""Weights from an SPI flash into memories of one port, against the integers that the flash holds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hls.pack import write_rom
from tests.sim.hls.rtl.bench import LIBRARY, run_text

RNG = np.random.default_rng(3)
OFFSET, PAGE_BITS, TRIES = 0x20000, 4, 3
# Words and bits of each memory: one page less than full, two columns, three rows.
MEMORIES = ((13, 12), (16, 27), (40, 16))
LOADING, FAILED = 1 << 62, 1 << 61

BENCH = """module bench (
    input clk, input rst, input [63:0] in_data, input in_valid, output in_ready,
    output [63:0] out_data, output out_valid, input out_ready
);
    wire loaded, failed, load_enable, select, clock, to_flash, from_flash;
    wire [%(top)d:0] load_address;
    wire [15:0] load_data;
    flash_loader #(
        .CLOCK_HZ(2000000), .OFFSET(%(offset)d), .WORDS(%(words)d), .LOAD_BITS(%(top)d + 1), .CRC(32'h%(crc)x),
        .TRIES(%(tries)d)
    ) loader (
        .clk(clk), .rst(rst), .loaded(loaded), .failed(failed),
        .load_enable(load_enable), .load_address(load_address), .load_data(load_data),
        .flash_select(select), .flash_clock(clock), .flash_out(to_flash), .flash_in(from_flash ^ (%(noise)s))
    );
    spi_flash #(.FIRST(%(offset)d), .BYTES(%(bytes)d), .FILE("flash.hex"), .WAKE(%(wake)d)) flash (
        .clk(clk), .select(select), .clock(clock), .in(to_flash), .out(from_flash)
    );
    reg done = 0, held = 0;
    reg [9:0] last;
    reg [31:0] clocks = 0;
    assign in_ready = done && (!held || out_ready);
    wire taken = in_valid && in_ready;
    wire [9:0] at = taken ? in_data[9:0] : last;
    wire [1:0] which = last[9:8];
    always @(posedge clk) begin
        clocks <= clocks + 1;
        done <= done || ((loaded || failed) && out_ready);
        held <= taken || (held && !out_ready);
        last <= at;
    end
%(memories)s
    assign out_valid = !done || held;
    assign out_data = !done ? 64'd1 << 62 : {2'b00, failed, 29'd0, %(found)s};
endmodule
"""
_MEMORY = """    wire [%(last)d:0] fetched%(i)d;
    weight_memory #(
        .WORDS(%(words)d), .WIDTH(%(last)d + 1), .PAGE_BITS(%(bits)d), .FIRST_PAGE(%(first)d), .LOAD_BITS(%(load)d)
    ) memory%(i)d (
        .clk(clk), .word(at[$clog2(%(words)d)-1:0]), .fetched(fetched%(i)d),
        .load_enable(load_enable), .load_address(load_address), .load_data(load_data)
    );
"""


def flash_of(memories: Sequence[Sequence[int]]) -> bytes:
    """Pages: for each memory its columns of 16 bits, for each of those its rows."""
    data = b""
    for words, (_, bits) in zip(memories, MEMORIES, strict=True):
        rows = -(-len(words) // (1 << PAGE_BITS))
        for column in range(-(-bits // 16)):
            parts = np.zeros(rows << PAGE_BITS, "<u2")
            parts[: len(words)] = [word >> 16 * column & 0xFFFF for word in words]
            data += parts.tobytes()
    return data


def read(
    folder: Path,
    data: bytes,
    crc: int,
    noise: str = "1'b0",
    wake: int = 6,
    seeds: Sequence[int] = (0,),
    loader: Path = LIBRARY / "flash_loader",
) -> list[int]:
    """The words of all memories as they are read behind the loader, with `FAILED` where it says so."""
    write_rom(folder / "flash.hex", data, 8)
    pages = len(data) // (2 << PAGE_BITS)
    load_bits, first, texts = (len(data) // 2 - 1).bit_length(), 0, []
    for i, (count, bits) in enumerate(MEMORIES):
        place = {"i": i, "words": count, "last": bits - 1, "bits": PAGE_BITS, "first": first, "load": load_bits}
        texts.append(_MEMORY % place)
        first += -(-bits // 16) * -(-count // (1 << PAGE_BITS))
    assert first == pages
    text = BENCH % {
        "top": load_bits - 1,
        "offset": OFFSET,
        "words": len(data) // 2,
        "crc": crc,
        "tries": TRIES,
        "noise": noise,
        "bytes": len(data),
        "wake": wake,
        "memories": "".join(texts),
        "found": " : ".join(f"which == {i} ? {{{32 - bits}'d0, fetched{i}}}" for i, (_, bits) in enumerate(MEMORIES))
        + " : 32'd0",
    }
    asked = [i << 8 | word for i, (count, _) in enumerate(MEMORIES) for word in range(count)]
    modules = [str(loader), "crc32", "weight_memory", "../harness/spi_flash"]
    found = [[word for word in run_text(text, modules, asked, folder, (seed,)) if not word & LOADING] for seed in seeds]
    assert all(words == found[0] for words in found)
    return found[0]


def all_of(memories: list[list[int]]) -> list[int]:
    return [word for words in memories for word in words]


@pytest.fixture(scope="module")
def memories() -> list[list[int]]:
    return [[int(word) for word in RNG.integers(0, 1 << bits, count)] for count, bits in MEMORIES]


def test_all_words_are_those_of_a_flash_that_was_asleep(memories: list[list[int]], tmp_path: Path) -> None:
    data = flash_of(memories)
    assert read(tmp_path, data, zlib.crc32(data), seeds=(0, 1, 2)) == all_of(memories)


def test_a_flash_that_nobody_wakes_gives_nothing(memories: list[list[int]], tmp_path: Path) -> None:
    """So the test above would miss a loader that does not wake it."""
    text = (LIBRARY / "flash_loader.v").read_text().replace("WAKE = 8'hAB", "WAKE = 8'hFF")
    (tmp_path / "sleepy.v").write_text(text)
    data = flash_of(memories)
    assert all(word & FAILED for word in read(tmp_path, data, zlib.crc32(data), loader=tmp_path / "sleepy"))


@pytest.mark.parametrize("bit", [0, 1171, -1])
def test_a_flipped_bit_is_never_taken(memories: list[list[int]], bit: int, tmp_path: Path) -> None:
    data = flash_of(memories)
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    assert all(word & FAILED for word in read(tmp_path, bytes(flipped), zlib.crc32(data)))


def test_a_reading_that_went_wrong_is_tried_again(memories: list[list[int]], tmp_path: Path) -> None:
    data = flash_of(memories)
    assert read(tmp_path, data, zlib.crc32(data), "clocks < 2000 && clocks > 1800") == all_of(memories)


def test_a_flash_that_is_still_waking_is_not_believed(memories: list[list[int]], tmp_path: Path) -> None:
    """It says nothing until it is awake; by then the loader asks again."""
    data = flash_of(memories)
    assert read(tmp_path, data, zlib.crc32(data), wake=1000) == all_of(memories)
    assert all(word & FAILED for word in read(tmp_path, data, zlib.crc32(data), wake=1_000_000))
