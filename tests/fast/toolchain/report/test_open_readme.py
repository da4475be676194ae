from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import records
from tests.fast.toolchain.package.test_manifest import _origin
from toolchain.catalog import load_board
from toolchain.layout import PINS
from toolchain.package.manifest import build_manifest
from toolchain.package.pins import installed, pinned
from toolchain.report.open_readme import Asked, pins, readme
from toolchain.results.manifest import FlashImage


def test_pins_and_readme_name_what_a_person_needs(tmp_path: Path) -> None:
    board, manifest = load_board("ulx3s"), build_manifest(_origin(tmp_path), records())
    assert manifest.identity
    page = pins(board, manifest.identity, 25)
    assert "| uart_rx | M1 |" in page and "Clock: 25 MHz at `clk`.\n" in page
    faster = pins(board, manifest.identity, 62.5)
    assert "Clock: 25 MHz at `clk`, of which the FPGA's PLL makes 62.5 MHz for the design." in faster
    assert "1000000 baud" in page
    assert "aa" * 8 in page
    told = readme(board, "x.bit", manifest, Asked("75 integers of type BINARY", "12 integers of 8 bits", "values"))
    assert "openFPGALoader --board ulx3s x.bit" in told
    assert "a vector a line: 75 integers of type BINARY" in told
    assert "An answer is 12 integers of 8 bits." in told
    assert "print(board.infer(board.golden.vector(0)).values)" in told
    assert "from driver import open_package" in told
    assert "At 25 MHz one answer takes 50 cycles" in told
    assert "streamed" not in told


def test_what_the_line_takes_is_told_where_it_is_streamed(tmp_path: Path) -> None:
    board, manifest = load_board("ulx3s"), build_manifest(_origin(tmp_path), records())
    told = readme(board, "x.bit", manifest, Asked("v", "a", "values", streamed=360_448))
    assert "both are streamed, 360,448 bytes an inference, 3.6 s\nor more at 1,000,000 baud." in told


def test_a_design_that_loads_weights_is_written_into_the_flash_with_them(tmp_path: Path) -> None:
    board, manifest = load_board("icebreaker"), build_manifest(_origin(tmp_path), records())
    flash = FlashImage(kind="estimated", offset=131072, weights_bytes=32768, weights_crc32="00c0ffee", start_ms=22.0)
    told = readme(board, "x.bin", manifest, Asked("v", "a", "label"), flash)
    assert "openFPGALoader --board ice40_generic --write-flash x-flash.bin" in told
    assert "openFPGALoader --board ice40_generic x.bin" not in told
    assert "from byte 131,072 on\n32,768 bytes of weights" in told
    assert "answers 22 ms after its configuration (estimated)" in told
    assert manifest.identity
    assert "| flash_select | 16 |" in pins(board, manifest.identity, 24, loads=True)
    assert "flash_select" not in pins(board, manifest.identity, 24)


def test_an_answer_that_sets_the_pace_is_told(tmp_path: Path) -> None:
    board, manifest = load_board("ulx3s"), build_manifest(_origin(tmp_path), records())
    assert manifest.timing and "sets the pace" not in readme(board, "x.bit", manifest, Asked("v", "a", "values"))
    timing = manifest.timing.model_copy(update={"answer_cycles": 8_388_608})
    told = readme(board, "x.bit", manifest.model_copy(update={"timing": timing}), Asked("v", "a", "values"))
    assert "An answer takes 8,388,608 cycles to leave the chip, a byte a cycle, which sets the pace." in told


def test_a_clock_of_the_pll_is_told_with_its_crystal(tmp_path: Path) -> None:
    board, manifest = load_board("ulx3s"), build_manifest(_origin(tmp_path), records())
    assert manifest.timing
    timing = manifest.timing.model_copy(update={"clock_mhz": 62.5, "crystal_mhz": 25})
    told = readme(board, "x.bit", manifest.model_copy(update={"timing": timing}), Asked("v", "a", "label"))
    assert "At 62.5 MHz, made by the FPGA's PLL of the 25 MHz crystal, one answer takes" in told


def test_pins_of_packages(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# a==1\nPyYAML==6\n")
    (tmp_path / "requirements-finn.txt").write_text("not-there==1\n")
    pins_found = pinned(tmp_path)
    assert pins_found == {"PyYAML": "6", "not-there": "1"}
    versions = installed(pins_found)
    assert versions["PyYAML"]
    assert versions["not-there"] is None


def test_torch_is_pinned_exactly(repository: Path) -> None:
    assert pinned(repository)["torch"] == "2.13.0"
    lines = [line for name in PINS for line in (repository / name).read_text().splitlines()]
    assert all("==" in line for line in lines if line[:1] not in {"#", ""})


@pytest.fixture
def repository() -> Path:
    return Path(__file__).resolve().parents[4]
