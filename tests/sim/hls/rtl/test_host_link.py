"""Both forms of the host link alone: clean under Verilator's lint for every shape, and small after synthesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hls.chip import LINK_COST, LINK_SOURCES, STREAM_SOURCES
from hls.verilate import find_verilator

LIBRARY = Path(__file__).parents[4] / "hls" / "rtl"

# Initial values beside resets are meant: FPGAs configure them, and the counters have no reset.
ALLOWED = ("-Wno-PROCASSINIT", "-Wno-VARHIDDEN", "-Wno-DECLFILENAME")

SHAPES = {
    "folded": {"VECTOR_BYTES": 40, "IN_WIDTH": 4, "IN_BEATS": 79},
    "unrolled": {"VECTOR_BYTES": 40, "IN_WIDTH": 316, "IN_BEATS": 1, "BENCH_VECTORS": 1},
    "smallest": {"VECTOR_BYTES": 1, "IN_WIDTH": 1, "IN_BEATS": 2, "OUT_BITS": 1},
    "largest": {"VECTOR_BYTES": 65535, "IN_WIDTH": 8, "IN_BEATS": 65535, "OUT_BITS": 8},
    "in parts": {"VECTOR_BYTES": 3072, "IN_WIDTH": 24, "IN_BEATS": 1024, "PARTS": 3, "PART_BYTES": 1023},
    "none stored": {"VECTOR_BYTES": 40, "IN_WIDTH": 4, "IN_BEATS": 79, "BENCH_VECTORS": 0},
    "27 MHz": {"CLOCK_HZ": 27_000_000, "BAUD": 115_200},
}


STREAMED = {
    "bytes": {"IN_WIDTH": 8, "IN_BEATS": 98304, "OUT_BITS": 9, "OUT_BEATS": 262144},
    "pixels": {"IN_WIDTH": 12, "IN_BEATS": 262144, "PART_BYTES": 1023, "MAX_PAYLOAD": 2047, "OUT_ELEMENTS": 16},
    "smallest": {"IN_WIDTH": 1, "IN_BEATS": 2, "PART_BYTES": 1, "MAX_PAYLOAD": 7, "OUT_BITS": 1, "OUT_BEATS": 1},
    "one beat": {"IN_WIDTH": 8000, "IN_BEATS": 3, "PART_BYTES": 1000, "MAX_PAYLOAD": 2047},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_lint(shape: str) -> None:
    files = [] if SHAPES[shape].get("BENCH_VECTORS") == 0 else ['-GBENCH_FILE="bench.hex"']
    must_be_clean("host_link", LINK_SOURCES, SHAPES[shape], files)


@pytest.mark.parametrize("shape", STREAMED)
def test_lint_of_the_streamed_form(shape: str) -> None:
    must_be_clean("stream_link", STREAM_SOURCES, STREAMED[shape], [])


def must_be_clean(top: str, sources: tuple[str, ...], shape: dict[str, int], files: list[str]) -> None:
    tool = find_verilator()
    environment = dict(os.environ)
    if tool.root is not None:
        environment["VERILATOR_ROOT"] = str(tool.root)
    values = [f"-G{name}={value}" for name, value in shape.items()] + files
    names = [name for name in sources if name != "reset_generator.v"]
    command = [str(tool.program), "--lint-only", "-Wall", *ALLOWED, "--top-module", top]
    result = subprocess.run(
        [*command, *values, *names],
        cwd=LIBRARY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


SYNTHESIS = """
import json, os, sys
from pyosys import libyosys as yosys
design = yosys.Design()
run = lambda command: yosys.run_pass("tee -q " + command, design)
run("read_verilog " + " ".join(sys.argv[2:]))
run("chparam " + sys.argv[1])
run("synth_ice40 -top " + sys.argv[1].split()[-1])
run("tee -o stat.json stat -json")
"""


SMALL = "-set VECTOR_BYTES 40 -set IN_WIDTH 4 -set IN_BEATS 79"


def cells_on_ice40(folder: Path, parameters: str, top: str = "host_link") -> dict[str, int]:
    sources = [str(LIBRARY / name) for name in (LINK_SOURCES if top == "host_link" else STREAM_SOURCES)]
    command = [sys.executable, "-c", SYNTHESIS, f"{parameters} {top}", *sources]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    text = (folder / "stat.json").read_text()
    cells: dict[str, int] = json.loads(text[text.index("{") :])["design"]["num_cells_by_type"]
    return cells


def test_size_on_ice40(tmp_path: Path) -> None:
    words = "\n".join(f"{(i * 7 + i // 5) % 16:x}" for i in range(16 * 79))
    (tmp_path / "bench.hex").write_text(words + "\n")
    cells = cells_on_ice40(tmp_path, SMALL + ' -set BENCH_FILE "bench.hex"')
    assert cells["SB_LUT4"] <= LINK_COST.lut
    assert flip_flops(cells) <= LINK_COST.ff
    assert cells["SB_RAM40_4K"] <= 5 <= LINK_COST.kbit / 4


def test_a_link_that_stores_no_vectors_needs_no_file(tmp_path: Path) -> None:
    cells = cells_on_ice40(tmp_path, SMALL + " -set BENCH_VECTORS 0")
    assert cells["SB_RAM40_4K"] <= 3


def test_size_of_the_streamed_form_on_ice40(tmp_path: Path) -> None:
    cost = LINK_COST.streamed
    assert cost is not None
    cells = cells_on_ice40(tmp_path, "-set IN_WIDTH 8 -set IN_BEATS 98304 -set OUT_BEATS 65536", "stream_link")
    assert 0.9 * cost.lut < cells["SB_LUT4"] <= cost.lut
    assert flip_flops(cells) <= cost.ff
    assert cells["SB_RAM40_4K"] <= cost.kbit / 4


def flip_flops(cells: dict[str, int]) -> int:
    return sum(count for cell, count in cells.items() if cell.startswith("SB_DFF"))
