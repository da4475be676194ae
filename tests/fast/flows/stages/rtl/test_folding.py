from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from flows.stages.context import Context
from flows.stages.rtl.folding import block_ram_of, capacity_of, fold_network, target_fps, told
from flows.stages.rtl.layer_use import of_unrolled
from hls.chip import LINK_COST
from hls.unrolled import use_of_layers
from tests.fast.boards.folders import open_board
from tests.fast.hls.networks import Shape, random_network
from toolchain.catalog import load_board, load_model, load_recipe
from toolchain.errors import ConfigError, FitError
from toolchain.layout import Layout, Request

# Its last layer takes four clocks or more.
NETWORK = random_network(Shape("BINARY", 12, (8, 4)), seed=1)


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


def context(fps: float | None = None, own_fps: float = 100_000, clock: float | None = None) -> Context:
    """A build for the ULX3S, whose crystal has 25 MHz, with another rate of its own."""
    request = Request("ulx3s", "cqmlp", fps=fps, clock=clock)
    made = Context("fold", request, Layout(request, Path("build")), Path("out"))
    board = open_board("ulx3s")
    target = board.target.model_copy(update={"fps": own_fps})
    made.__dict__["board"] = board.model_copy(update={"target": target})
    return made


@pytest.mark.parametrize(
    ("asked", "mhz", "cycles"),
    [
        (context(), 25, 250),
        (context(6.25e6), 25, 4),
        (context(6.5e6), 37.5, 5),
        (context(own_fps=20e6), 87.5, 4),
        (context(10e6, clock=62.5), 62.5, 6),
    ],
)
def test_folding_counts_on_the_slowest_clock_that_suffices(asked: Context, mhz: float, cycles: int) -> None:
    folding = fold_network(asked, NETWORK, "folded", LINK_COST)
    assert folding.clock_hz == mhz * 1e6 and folding.initiation_interval <= cycles
    assert folding.target_fps is not None and folding.fps >= folding.target_fps


def test_neurons_in_block_ram_are_told_and_stand_with_their_layers() -> None:
    network = random_network(Shape("BINARY", 24, (12, 4)), seed=1)
    folding = fold_network(context(), network, "unrolled-rom", LINK_COST)
    tables = sum(layer.tables for layer in folding.layers)
    assert tables > folding.estimate.bram == sum(layer.blocks for layer in folding.layers) > 0
    assert told(folding).startswith(
        f"all in parallel, {tables} neurons in {folding.estimate.bram} block RAMs; one inference every clock"
    )
    uses = of_unrolled(use_of_layers(network, folding.clock_hz, "ecp5", folding.estimate.bram))
    assert sum(use.bram for use in uses) == folding.estimate.bram
    assert uses[0].option == f"unrolled, {folding.layers[0].tables} neurons in block RAM"
    assert uses[-1].option == "unrolled"
    assert told(fold_network(context(), network, "unrolled", LINK_COST)).startswith("all in parallel; one")


def test_a_rate_beyond_every_clock_is_an_error_or_gives_way() -> None:
    with pytest.raises(FitError, match=r"2e.08 inferences/s at 100 MHz .* the best that fits is 25000000 inferences/s"):
        fold_network(context(2e8), NETWORK, "folded", LINK_COST)
    with pytest.raises(FitError, match=r"2e.08 inferences/s at 50 MHz"):
        fold_network(context(2e8, clock=50), NETWORK, "folded", LINK_COST)
    folding = fold_network(context(own_fps=2e8), NETWORK, "folded", LINK_COST)
    assert (folding.clock_hz, folding.initiation_interval, folding.target_fps) == (25_000_000, 4, None)


@pytest.mark.parametrize(
    ("asked", "enough", "aim"),
    [
        (None, None, 100_000),
        (None, 10_000, 10_000),
        (None, 200_000, 100_000),
        (50_000, 10_000, 50_000),
        ("max", 10_000, None),
    ],
)
def test_a_recipe_may_ask_for_less_than_the_board_aims_at(
    asked: float | Literal["max"] | None, enough: float | None, aim: float | None
) -> None:
    request = Request("ulx3s", "cqmlp", fps=asked)
    made = Context("fold", request, Layout(request, Path("build")), Path("out"))
    made.__dict__["recipe"] = load_recipe(load_model("cqmlp"), "default").model_copy(update={"fps": enough})
    assert target_fps(made) == aim
