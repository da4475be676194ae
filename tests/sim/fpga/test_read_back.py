"""What was implemented, read back and run against the RTL, byte for byte."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hls.verilate import build_model
from toolchain.errors import ToolError
from toolchain.fpga import ice40_netlist
from toolchain.fpga.ecp5_netlist import netlist_to_verilog

from .conftest import Build, Built, Rtl, build_chip

_HARNESS = Path(__file__).with_name("uart_harness.cpp")
_REQUESTS = random.Random(5).randbytes(600)
_ANSWER_BYTES = 4 * len(_REQUESTS)

Simulate = Callable[[Sequence[Path]], list[str]]
Expected = Callable[[str], list[str]]

needs_icebox = pytest.mark.skipif(
    shutil.which("icebox_vlog") is None, reason="icebox_vlog is missing (make system-deps)"
)


@pytest.fixture(scope="module")
def simulate(tmp_path_factory: pytest.TempPathFactory) -> Simulate:
    """Runs Verilog with top `chip`: the bytes it answers to the requests."""
    work = tmp_path_factory.mktemp("verilated")

    def run(sources: Sequence[Path]) -> list[str]:
        program = build_model(sources, "chip", _HARNESS, work, optimise=False)
        folder = sources[0].parent
        result = subprocess.run([program], cwd=folder, input=_REQUESTS, capture_output=True, check=True)
        return result.stdout.decode().split()

    return run


@pytest.fixture(scope="module")
def expected(rtl: Rtl, simulate: Simulate) -> Expected:
    """Gives what the RTL of a board answers."""

    @cache
    def once(name: str) -> list[str]:
        answers = simulate([rtl(name) / "chip.v"])
        assert len(answers) == _ANSWER_BYTES and len(set(answers)) > 200
        return answers

    return once


def _read_back(build: Build, name: str, out_dir: Path) -> list[Path]:
    built = build(name)
    implementation = built.folder / "implement"
    sources = built.backend.read_back(built.board, implementation, built.bitstream, out_dir)
    assert sources is not None
    return sources


def test_ecp5_netlist_answers_as_the_rtl(build: Build, simulate: Simulate, expected: Expected, tmp_path: Path) -> None:
    assert simulate(_read_back(build, "ulx3s", tmp_path)) == expected("ulx3s")


@needs_icebox
def test_ice40_bitstream_answers_as_the_rtl(
    build: Build, simulate: Simulate, expected: Expected, tmp_path: Path
) -> None:
    assert simulate(_read_back(build, "icebreaker", tmp_path)) == expected("icebreaker")


def _flip_lowest(bits: str) -> str:
    return bits[:-1] + "01"[bits[-1] == "0"]


def _break_block_ram(cells: dict[str, Any]) -> None:
    parameters = cells["rom.0.0"]["parameters"]
    for row in (name for name in list(parameters) if name.startswith("INITVAL_")):
        parameters[row] = _flip_lowest(parameters[row])


def _break_lut(cells: dict[str, Any]) -> None:
    # One that feeds the running sum, so that every answer depends on it.
    luts = (name for name, cell in cells.items() if cell["type"] == "TRELLIS_COMB" and name.endswith("_LUT4_Z"))
    name = min(name for name in luts if name.startswith("sum_"))
    parameters = cells[name]["parameters"]
    parameters["INITVAL"] = parameters["INITVAL"].translate(str.maketrans("01", "10"))


def _swap_data_bits(cells: dict[str, Any]) -> None:
    wires = cells["rom.0.0"]["connections"]
    wires["DOA0"], wires["DOA1"] = wires["DOA1"], wires["DOA0"]


@pytest.mark.parametrize("spoil", [_break_block_ram, _break_lut, _swap_data_bits])
def test_a_broken_ecp5_netlist_is_caught(
    build: Build,
    simulate: Simulate,
    expected: Expected,
    tmp_path: Path,
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    routed = json.loads((build("ulx3s").folder / "implement" / "routed.json").read_text())
    spoil(routed["modules"]["top"]["cells"])
    broken = tmp_path / "routed.json"
    broken.write_text(json.dumps(routed))
    assert simulate(netlist_to_verilog(broken, tmp_path / "out")) != expected("ulx3s")


@needs_icebox
def test_a_broken_ice40_bitstream_is_caught(
    build: Build, simulate: Simulate, expected: Expected, tmp_path: Path
) -> None:
    built = build("icebreaker")
    config = built.implementation.config.read_text()
    head, mark, contents = config.partition(".ram_data")
    row = next(line for line in contents.splitlines()[1:] if len(line) == 64 and line.strip("0"))
    spoilt = f"{int(row, 16) ^ int('f' * 64, 16):064x}"
    (tmp_path / "chip.asc").write_text(head + mark + contents.replace(row, spoilt, 1))
    bits = built.backend.bitstream(built.board, tmp_path / "chip.asc", tmp_path / "broken.bin")
    sources = built.backend.read_back(built.board, built.folder / "implement", bits, tmp_path / "out")
    assert sources is not None and simulate(sources) != expected("icebreaker")


@pytest.fixture(scope="module")
def multiplying(rtl: Rtl, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The test chip of an iCE40 with its multipliers."""
    return build_chip("icebreaker", rtl("icebreaker"), tmp_path_factory.mktemp("multiplying"), multipliers=True)


def test_ice40_netlist_of_a_chip_with_multipliers_answers_as_the_rtl(
    multiplying: Built, simulate: Simulate, expected: Expected, tmp_path: Path
) -> None:
    assert multiplying.implementation.resources.dsp > 0 and multiplying.implementation.resources.bram > 0
    implementation = multiplying.folder / "implement"
    sources = multiplying.backend.read_back(multiplying.board, implementation, multiplying.bitstream, tmp_path)
    assert sources is not None and simulate(sources) == expected("icebreaker")


def _flip_block_ram(cell: dict[str, Any]) -> None:
    rows = cell["parameters"]
    rows |= {row: value.translate(str.maketrans("01", "10")) for row, value in rows.items() if row.startswith("INIT_")}


def _swap_operand_bits(cell: dict[str, Any]) -> None:
    wires = cell["connections"]
    wires["A_0"], wires["A_1"] = wires["A_1"], wires["A_0"]


def _invert_lut(cell: dict[str, Any]) -> None:
    cell["parameters"]["LUT_INIT"] = cell["parameters"]["LUT_INIT"].translate(str.maketrans("01", "10"))


@pytest.mark.parametrize(
    ("kind", "begins", "spoil"),
    [
        ("ICESTORM_RAM", "rom.", _flip_block_ram),
        ("ICESTORM_DSP", "", _swap_operand_bits),
        ("ICESTORM_LC", "sum_", _invert_lut),
    ],
)
def test_a_broken_ice40_netlist_is_caught(
    multiplying: Built,
    simulate: Simulate,
    expected: Expected,
    tmp_path: Path,
    kind: str,
    begins: str,
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    routed = json.loads((multiplying.folder / "implement" / "routed.json").read_text())
    cells = routed["modules"]["top"]["cells"]
    spoil(cells[min(name for name, cell in cells.items() if cell["type"] == kind and name.startswith(begins))])
    broken = tmp_path / "routed.json"
    broken.write_text(json.dumps(routed))
    assert simulate(ice40_netlist.netlist_to_verilog(broken, tmp_path / "out")) != expected("icebreaker")


def test_without_icebox_the_mend_is_named(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build("icebreaker")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match=r"icebox_vlog is missing; .*make system-deps"):
        _read_back(build, "icebreaker", tmp_path)


def test_a_truncated_bitstream_is_refused(build: Build, tmp_path: Path) -> None:
    built = build("icebreaker")
    half = tmp_path / "half.bin"
    half.write_bytes(built.bitstream.read_bytes()[:5000])
    with pytest.raises(ToolError, match="iceunpack"):
        built.backend.read_back(built.board, built.folder / "implement", half, tmp_path / "out")
