"""The open boards' pins and clocks against published board data.

The table was read from the sources named in it, not from our files: two independent projects, and for the
ULX3S the designer's own constraint file.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.fast.boards.folders import BOARDS, boards_of
from toolchain.board import OpenBoard
from toolchain.fpga.backend import chip_pins, flash_pins

# Seen from the FPGA: rx is what it receives.
_PUBLISHED: dict[str, dict[str, Any]] = {
    "ulx3s": {
        # emard/ulx3s doc/constraints/ulx3s_v20.lpf (clk_25mhz; ftdi_txd "FPGA receives from ftdi"; ftdi_rxd
        # "FPGA transmits to ftdi"; led[0]); litex-boards radiona_ulx3s.py; amaranth-boards ulx3s.py.
        "mhz": 25,
        "pins": {"clk": "G2", "uart_rx": "M1", "uart_tx": "L4", "led": "B2"},
        "io": {"IO_TYPE": "LVCMOS33"},
        "part": "LFE5U-85F-6BG381C",
    },
    "icebreaker": {
        # litex-boards 1bitsquared_icebreaker.py (clk12, serial, user_ledr_n, spiflash); amaranth-boards icebreaker.py.
        "mhz": 12,
        "pins": {"clk": "35", "uart_rx": "6", "uart_tx": "9", "led": "11"},
        "flash": {"flash_select": "16", "flash_clock": "15", "flash_out": "14", "flash_in": "17"},
        "io": {},
        "part": "iCE40UP5K-SG48",
    },
    "tangnano9k": {
        # litex-boards sipeed_tang_nano_9k.py (clk27, serial, user_led 0); amaranth-boards tang_nano_9k.py.
        "mhz": 27,
        "pins": {"clk": "52", "uart_rx": "18", "uart_tx": "17", "led": "10"},
        "io": {"IO_TYPE": "LVCMOS33"},
        "part": "GW1NR-LV9QN88PC6/I5",
    },
}
# What the device has: Lattice FPGA-DS-02012 (ECP5) as nextpnr counts it, FPGA-DS-02008 (UP5K), Gowin
# DS117 (GW1NR-9), the last also on Sipeed's page of the board.
_DEVICES = {
    "ulx3s": {"lut": 83640, "ff": 83640, "bram": 208, "dsp": 156},
    "icebreaker": {"lut": 5280, "ff": 5280, "bram": 30, "dsp": 8},
    "tangnano9k": {"lut": 8640, "ff": 6480, "bram": 26, "dsp": 20},
}
# From openFPGALoader's list of boards (doc/boards.yml).
_LOADER = {"ulx3s": "ulx3s", "icebreaker": "ice40_generic", "tangnano9k": "tangnano9k"}


@pytest.fixture(params=sorted(_PUBLISHED))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _load(name: str) -> OpenBoard:
    return OpenBoard(**yaml.safe_load((BOARDS / name / "board.yaml").read_text()))


def test_every_open_board_is_in_the_table() -> None:
    assert boards_of("fpga_open") == sorted(_PUBLISHED)


def test_pins_and_clock_are_as_published(name: str) -> None:
    board, facts = _load(name), _PUBLISHED[name]
    assert {port: pin.pin for port, pin in chip_pins(board)} == facts["pins"]
    assert {port: pin.pin for port, pin in flash_pins(board)} == facts.get("flash", {})
    assert board.clock.mhz == facts["mhz"]
    assert board.fpga.part == facts["part"]
    for port, pin in chip_pins(board):
        if port.startswith("uart"):
            assert facts["io"].items() <= pin.attributes.items()


def test_tang_nano_led_bank_runs_at_1_8_volts() -> None:
    # litex-boards: user_led pins are LVCMOS18.
    assert _load("tangnano9k").led.attributes["IO_TYPE"] == "LVCMOS18"


def test_device_and_loader_are_as_published(name: str) -> None:
    board = _load(name)
    assert board.fpga.resources.model_dump() == {**_DEVICES[name], "uram": 0}
    assert board.fpga.spram == (4 if name == "icebreaker" else 0)
    assert board.flash.board == _LOADER[name]


def test_name_is_the_folder(name: str) -> None:
    assert _load(name).name == name


def test_the_uart_divides_the_clock_to_within_two_percent(name: str) -> None:
    # A receiver that samples ten bits from one start edge bears about 4 % from both sides together.
    board = _load(name)
    cycles = board.clock.mhz * 1e6 / board.host_link.baud
    assert cycles >= 8
    assert abs(round(cycles) / cycles - 1) < 0.02


def test_the_readme_tells_how_to_wire_and_flash(name: str) -> None:
    board, text = _load(name), (BOARDS / name / "README.md").read_text()
    for pin in _PUBLISHED[name]["pins"].values():
        assert f"`{pin}`" in text
    assert f"openFPGALoader -b {board.flash.board}" in text
    assert f"{board.fpga.resources.lut:,} LUT" in text
    assert f"{board.host_link.baud:,} baud" in text
