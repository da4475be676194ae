"""Microcontrollers: board.yaml against data sheets, and the page against board.yaml."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.fast.boards.folders import BOARDS, boards_of
from toolchain.board import McuBoard

# Typed from the data sheets: part, core, clock in MHz, start and KiB of flash, of RAM.
_PUBLISHED = {
    # ESP32-C3 data sheet: 1; TRM: 3.3.2. Of 384 KiB of SRAM1 304 are used: code behind 240 KiB, at its own bus.
    "esp32c3": ("ESP32-C3", "rv32imc", 40, (0x4038_0000 + (240 << 10), 64), (0x3FC8_0000, 240)),
    # DS10693 rev 10: tables 2 and 13, figure 15; RM0390, 5.1.4.
    # RP2040 data sheet: 1.1, 2.2, 2.6.2; Pico data sheet: 1. SRAM4 and SRAM5, 4 KiB each, are left out.
    "raspberrypi-pico": ("RP2040", "cortex-m0plus", 125, (0x1000_0000, 2048), (0x2000_0000, 256)),
    # RP2350 data sheet: 1.1, 2.2, 4.2; Pico 2 data sheet: 1. SRAM8 and SRAM9, 4 KiB each, are left out.
    "raspberrypi-pico2": ("RP2350", "cortex-m33", 150, (0x1000_0000, 4096), (0x2000_0000, 512)),
    "nucleo-f446re": ("STM32F446RE", "cortex-m4", 168, (0x0800_0000, 512), (0x2000_0000, 128)),
}


def _raw(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((BOARDS / name / "board.yaml").read_text())
    return raw


@pytest.fixture(params=sorted(_PUBLISHED))
def board(request: pytest.FixtureRequest) -> McuBoard:
    return McuBoard.model_validate(_raw(request.param))


def test_every_board_is_in_the_table() -> None:
    assert boards_of("mcu") == sorted(_PUBLISHED)


def test_chip_and_memories_are_as_published(board: McuBoard) -> None:
    chip = board.chip
    memories = ((chip.flash.start, chip.flash.bytes >> 10), (chip.ram.start, chip.ram.bytes >> 10))
    assert (chip.part, chip.core, chip.mhz, *memories) == _PUBLISHED[board.name]


def test_the_readme_says_what_the_yaml_says(board: McuBoard) -> None:
    text = (BOARDS / board.name / "README.md").read_text()
    for words in (
        f"{board.chip.core} at {board.chip.mhz} MHz",
        f"{board.chip.flash.bytes:,} bytes of {'SRAM for code' if board.chip.image == 'esp' else 'flash'}",
        f"{board.chip.ram.bytes:,} bytes of {'it for all else' if board.chip.image == 'esp' else 'RAM'}",
        f"{board.host_link.baud} baud",
        f"make build BOARD={board.name}",
        "**Nothing here has been run on the board yet.**",
    ):
        assert words in " ".join(text.split())


def test_a_core_that_is_none_is_refused() -> None:
    raw = _raw("nucleo-f446re")
    raw["chip"]["core"] = "cortex-m7"
    with pytest.raises(ValidationError, match=r"chip\.core"):
        McuBoard.model_validate(raw)
