"""The clocks of a board: which it can have, and what is said of those it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.fast.boards.folders import boards_of, open_board
from toolchain.board import OpenBoard
from toolchain.errors import ConfigError
from toolchain.fpga.clocks import choices_hz, must_be_had, setting
from toolchain.fpga.pll import MHZ, PLL_CELLS, dividers


def changed(board: OpenBoard, **fields: Any) -> OpenBoard:
    """A board with another clock or device."""
    raw = board.model_dump()
    for name, values in fields.items():
        raw[name] = {**raw[name], **values}
    return OpenBoard(**raw)


@pytest.mark.parametrize("name", boards_of("fpga_open"))
def test_a_board_can_have_every_clock_that_it_offers(name: str) -> None:
    board = open_board(name)
    crystal, *others = choices_hz(board)
    assert crystal == board.clock.mhz * MHZ and setting(board, crystal) is None
    assert others == sorted(others) and others[-1] >= 2 * crystal
    assert all(setting(board, hz) for hz in others)


@pytest.mark.parametrize("name", boards_of("fpga_open"))
def test_the_documentation_names_every_clock(name: str) -> None:
    board = open_board(name)
    words, cells = instance(board, board.clock.choices[0]).split(), set(PLL_CELLS.read_text().split())
    cell = next(word for word in words if word in cells and word.isidentifier())
    clocks = ", ".join(f"{hz / MHZ:g}" for hz in choices_hz(board))
    row = f"| `{name}` | {board.clock.mhz:g} MHz | {cell} | {clocks} MHz |"
    assert row in (REPOSITORY / "docs/clock.md").read_text().splitlines()


@pytest.mark.parametrize(
    ("name", "mhz", "said"),
    [
        ("ulx3s", 60, "CLOCK: 60 MHz: the EHXPLLL of board ulx3s cannot make it of 25 MHz; the nearest .* is 62.5$"),
        ("icebreaker", 13, "the SB_PLL40 of board icebreaker cannot make it of 12 MHz; the nearest .* is 12$"),
        ("tangnano9k", 700, "the rPLL of board tangnano9k cannot make it of 27 MHz; the nearest .* is 594$"),
        ("ulx3s", 5, "the host link of 1000000 baud needs 8 MHz or more"),
    ],
)
def test_a_clock_that_cannot_be_had_is_refused_with_the_nearest(name: str, mhz: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        must_be_had(open_board(name), mhz * MHZ)


def test_a_device_whose_pll_is_not_known_keeps_its_crystal() -> None:
    board = changed(open_board("tangnano9k"), fpga={"device": "GW1N-4"}, clock={"choices": []})
    assert choices_hz(board) == (27 * MHZ,)
    must_be_had(board, 27 * MHZ)
    with pytest.raises(ConfigError, match="CLOCK: 54 MHz: board tangnano9k has no PLL that our tools set; leave it at"):
        must_be_had(board, 54 * MHZ)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ([20, 50], r"boards/ulx3s/board.yaml: clock.choices: 20 MHz: should be above the crystal's 25 MHz"),
        ([50, 61], r"clock.choices: 61 MHz: the EHXPLLL .* the nearest that can be had is 62.5"),
    ],
)
def test_choices_that_cannot_be_had_name_the_file(choices: list[float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        choices_hz(changed(open_board("ulx3s"), clock={"choices": choices}))


def test_settings_reach_the_cell() -> None:
    for name, wanted, words in (
        ("ulx3s", 75, ["EHXPLLL", ".CLKI_DIV(1)", ".CLKFB_DIV(3)", ".CLKOP_DIV(8)", ".CLKOP_CPHASE(7)"]),
        ("icebreaker", 24, ["SB_PLL40_PAD", ".DIVR(4'd0)", ".DIVF(7'd63)", ".DIVQ(3'd5)", ".FILTER_RANGE(3'd1)"]),
        ("tangnano9k", 54, ["rPLL", '.FCLKIN("27")', ".IDIV_SEL(0)", ".FBDIV_SEL(1)", ".ODIV_SEL(16)"]),
    ):
        text = instance(open_board(name), wanted)
        assert all(word in text for word in words), text
        assert f"module {words[0]} " in PLL_CELLS.read_text()


def test_a_crystal_beside_the_pad_of_an_ice40_comes_through_the_fabric() -> None:
    board = changed(open_board("icebreaker"), clock={"pin": {"pin": "37"}})
    assert "SB_PLL40_CORE" in instance(board, 24) and ".REFERENCECLK(crystal)" in instance(board, 24)


def instance(board: OpenBoard, mhz: float) -> str:
    from toolchain.fpga import family_of

    family = family_of(board.fpga)
    pll = family.pll(board.fpga)
    assert pll is not None
    found = dividers(pll, int(board.clock.mhz * MHZ), int(mhz * MHZ))
    assert found is not None
    return family.pll_instance(board, found)
