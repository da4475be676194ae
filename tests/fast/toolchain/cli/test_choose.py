from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.catalog import load_model, load_recipe
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import _must_know_beside, choose
from toolchain.errors import ConfigError, DataError
from toolchain.results.again import build_words
from toolchain.training.recipe import Recipe


def test_a_loop_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(DataError, match="a: a loop of links"):
        choose(BuildOptions("host", "cqmlp", data=str(tmp_path / "a")))
    with pytest.raises(DataError, match="a: a loop of links"):
        choose(BuildOptions("host", onnx=str(tmp_path / "a")))


def test_a_clock_is_one_that_the_board_can_have() -> None:
    request = choose(BuildOptions("ulx3s", clock="62.5"))
    assert request.clock == 62.5 and request.variant == "default-folded-clock62.5"
    assert "CLOCK=62.5" in build_words(request)
    assert choose(BuildOptions("ulx3s", fps="1e6", clock="25")).variant == "default-folded-fps1000000-clock25"
    assert choose(BuildOptions("ulx3s")).clock is None and choose(BuildOptions("ulx3s", clock="")).clock is None


@pytest.mark.parametrize(
    ("board", "clock", "said"),
    [
        ("ulx3s", "60", "CLOCK: 60 MHz: the EHXPLLL of board ulx3s cannot make it .* nearest that can be had is 62.5"),
        ("ulx3s", "fast", "CLOCK: 'fast': should be MHz, to the Hz, such as 62.5"),
        ("ulx3s", "nan", "CLOCK: 'nan': should be MHz"),
        ("ulx3s", "-50", "CLOCK: '-50': should be MHz"),
        ("ulx3s", "33.3333333", "CLOCK: '33.3333333': should be MHz, to the Hz"),
        ("zcu104", "50", "CLOCK: board zcu104 has no PLL that a build sets; leave it out"),
        ("host", "50", "CLOCK: board host has no PLL that a build sets; leave it out"),
    ],
)
def test_another_clock_is_refused(board: str, clock: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        choose(BuildOptions(board, clock=clock))


def test_a_network_to_be_shown_beside_must_be_known() -> None:
    model = load_model("dualcnn")
    recipe = load_recipe(model, "default")
    assert recipe.decision and recipe.decision.beside

    def named(**changes: str) -> Recipe:
        assert recipe.decision and recipe.decision.beside
        beside = recipe.decision.beside.model_copy(update=changes)
        return recipe.model_copy(update={"decision": recipe.decision.model_copy(update={"beside": beside})})

    _must_know_beside(model, "default", named())
    with pytest.raises(ConfigError, match=r"recipes/default.yaml: decision.beside: unknown model 'litecn'.*litecnn"):
        _must_know_beside(model, "default", named(model="litecn"))
    with pytest.raises(ConfigError, match=r"recipes/default.yaml: decision.beside: .*'mnits'"):
        _must_know_beside(model, "default", named(recipe="mnits"))


def test_toggles_are_counted_in_our_own_rtl() -> None:
    request = choose(BuildOptions("ulx3s", "litecnn", toggles=True))
    assert request.toggles and "TOGGLES=1" in build_words(request)
    assert request.variant == choose(BuildOptions("ulx3s", "litecnn")).variant
    with pytest.raises(ConfigError, match=r"TOGGLES: .* and FLOW=ort has none; leave it out"):
        choose(BuildOptions("host", "litecnn", toggles=True))
