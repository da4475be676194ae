from __future__ import annotations

import pytest

from flows.stages.rtl.folding import block_ram_of, capacity_of
from tests.fast.boards.folders import open_board
from toolchain.catalog import load_board
from toolchain.errors import ConfigError


def test_a_core_may_use_the_board_s_share_of_the_family_s_memories() -> None:
    board = open_board("icebreaker")
    capacity = capacity_of(board, link_kbit=24)
    assert capacity.block == block_ram_of(board)
    assert (capacity.block.kbit, capacity.block.lut_ram) == (4, False)
    assert capacity.bram_kbit == 30 * 4 - 24
    assert capacity.lut == int(5280 * board.target.share) < 5280


def test_block_rams_have_the_share_of_the_rest_where_none_of_their_own_is_given() -> None:
    target = open_board("ulx3s").target
    assert (target.bram_share, target.blocks(208)) == (None, int(208 * target.share))


def test_amd_boards_count_in_halves() -> None:
    board = load_board("zcu104")
    assert block_ram_of(board).kbit == 18  # type: ignore[arg-type]


def test_another_size_than_the_family_s_is_refused() -> None:
    board = open_board("icebreaker")
    other = board.model_copy(update={"fpga": board.fpga.model_copy(update={"bram_kbit": 9})})
    said = r"boards/icebreaker/board\.yaml: fpga\.bram_kbit: 9: should be 4, a block RAM of ice40"
    with pytest.raises(ConfigError, match=said):
        capacity_of(other, link_kbit=24)
