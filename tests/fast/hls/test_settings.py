"""Settings on their way through the Verilog: a core's ports, a chip's registers, and nothing where there are none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hls.netlist import Netlist
from hls.settings import SOURCES, UART_SOURCES, chip_lines
from hls.units.unit import Unit
from tests.fast.hls import test_axi_chip as axi
from tests.fast.hls import test_chip as uart
from toolchain.device.link.settings import Setting
from toolchain.errors import ModelError

LEVEL = Setting("level", 9, False, 0, 300, 5, "a level")
SHIFT = Setting("shift", 4, True, -8, 7, -2, "a shift", 1)
CORE = dataclasses.replace(uart.CORE, settings=(LEVEL, SHIFT))


def test_a_chip_holds_each_setting_and_drives_its_port(tmp_path: Path) -> None:
    names = uart.generate(tmp_path, CORE)
    text = (tmp_path / "chip.v").read_text()
    assert set(UART_SOURCES) <= set(names)
    assert ".COUNT(2), .BITS(16'h409), .SIGNED(2'h2), .RESETS(64'hfffffffe00000005)" in text
    assert ".setting_level(settings[0 +: 9])" in text and ".setting_shift(settings[32 +: 4])" in text
    assert ".SETTINGS(2)," in text


def test_an_axi_chip_does_so_too(tmp_path: Path) -> None:
    names = axi.generate(tmp_path, CORE)
    text = (tmp_path / "axi_chip.v").read_text()
    assert set(SOURCES) <= set(names)
    assert ".read_number(setting_asked)" in text and ".setting_shift(settings[32 +: 4])" in text


def test_a_chip_without_settings_has_nothing_of_them(tmp_path: Path) -> None:
    assert set(chip_lines((), "clk").values()) == {""}
    uart.generate(tmp_path)
    assert not any("setting_" in path.read_text() for path in tmp_path.iterdir())


def netlist_of(*settings: Setting) -> Netlist:
    def unit(index: int, setting: Setting) -> Unit:
        return Unit(f"u{index}", "some", {}, (), (), 1, tokens=lambda: pytest.fail(""), settings={"port": setting})

    return Netlist(tuple(unit(index, setting) for index, setting in enumerate(settings)), ())


def test_units_may_share_a_setting_which_has_one_number() -> None:
    other = dataclasses.replace(SHIFT, number=0)
    assert netlist_of(LEVEL, other, LEVEL).settings == (LEVEL, SHIFT)


def test_two_settings_of_one_name_are_refused() -> None:
    with pytest.raises(ModelError, match="setting level: two units take it as"):
        netlist_of(LEVEL, dataclasses.replace(LEVEL, high=301)).settings  # noqa: B018
