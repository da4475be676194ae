"""What is said of a network that is too dense to unroll."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.stages.context import Context
from flows.stages.rtl.refusing import explained, with_smaller_recipe
from toolchain.errors import CongestionError, FitError, TooDenseError, WiresError
from toolchain.graph.graph import Graph
from toolchain.layout import Layout, Request


def refused(folder: Path, board: str, free: int) -> str:
    layout = Layout(Request(board, "mnistlut", strategy="unrolled"), folder)

    def make() -> None:
        raise TooDenseError("too dense", free)

    with pytest.raises(FitError) as caught:
        explained(Context("fold", layout.request, layout, folder), Graph(), make)
    return str(caught.value)


def test_the_recipe_whose_budget_fits_is_named(tmp_path: Path) -> None:
    told = refused(tmp_path, "icebreaker", 1_590)
    assert told.endswith("too dense; its recipe small, which keeps within 1,400 LUT, fits by the estimate")
    # On iCE40 the ends of carry chains take more.
    assert "its recipe tiny, which keeps within 800 LUT," in refused(tmp_path, "icebreaker", 1_580)
    assert refused(tmp_path, "icebreaker", 800).endswith("too dense")
    assert refused(tmp_path, "ulx3s", 1_400).endswith("fits by the estimate")


def test_budgets_of_larger_look_up_tables_say_nothing_of_small_ones(tmp_path: Path) -> None:
    assert "recipe small" in refused(tmp_path, "ulx3s", 2_900)
    # The largest of those of six inputs that fit.
    assert "its recipe default, which keeps within 1,500 LUT," in refused(tmp_path, "pynq-z1", 2_900)
    assert "its recipe mnist, which keeps within 3,000 LUT," in refused(tmp_path, "pynq-z1", 3_000)


@pytest.mark.parametrize(
    ("board", "recipe", "mend"),
    [
        ("icebreaker", "small", ", or its recipe tiny, which keeps within 800 LUT"),
        ("icebreaker", "tiny", ""),
        # Its budget is of six-input LUTs.
        ("ulx3s", "default", ""),
    ],
)
def test_where_connections_are_too_dense_the_next_smaller_recipe_is_named(
    board: str, recipe: str, mend: str, tmp_path: Path
) -> None:
    request = Request(board, "mnistlut", recipe=recipe, strategy="unrolled")
    context = Context("clock", request, Layout(request, tmp_path), tmp_path)
    for kind in (CongestionError, WiresError):
        told = with_smaller_recipe(context, kind("too dense to route; choose a larger board"))
        assert type(told) is kind
        assert str(told) == f"too dense to route; choose a larger board{mend}"
