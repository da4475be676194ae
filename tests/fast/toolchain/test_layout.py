from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.errors import ConfigError
from toolchain.layout import ROOT, Layout, Request, build_root

REQUEST = Request("ulx3s", "cqmlp")


def test_network_stages_are_shared_by_boards_and_strategies() -> None:
    other = Request("icebreaker", "cqmlp", strategy="unrolled", fps="max")
    first, second = (Layout(request, Path("b")) for request in (REQUEST, other))
    for stage in REQUEST.network_stages:
        assert first.stage(stage) == second.stage(stage) == Path("b/cqmlp/default") / stage
    for stage in set(REQUEST.stages) - set(REQUEST.network_stages):
        assert first.stage(stage) != second.stage(stage)


@pytest.mark.parametrize(
    ("fps", "variant"),
    [
        (None, "default-folded"),
        (50000.0, "default-folded-fps50000"),
        (0.5, "default-folded-fps0.5"),
        ("max", "default-folded-fpsmax"),
    ],
)
def test_the_variant_names_what_was_chosen(fps: float | str | None, variant: str) -> None:
    assert Request("ulx3s", "cqmlp", fps=fps).variant == variant


def test_folders_of_captures_with_one_name_do_not_collide() -> None:
    names = {Request("b", "m", data=path).network for path in ("/a/my data", "/b/my data")}
    assert len(names) == 2
    assert all(name.startswith("default-my-data-") for name in names)


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown stage 'flash'"):
        Layout(REQUEST, Path()).stage("flash")


def test_the_folder_of_builds_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert build_root() == ROOT / "build"
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    assert build_root() == tmp_path


def test_an_installed_copy_builds_below_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("toolchain.layout.INSTALLED", True)
    monkeypatch.chdir(tmp_path)
    assert build_root() == tmp_path / "build"
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", "elsewhere")
    assert build_root() == tmp_path / "elsewhere"
