"""The web pages: every page has its place, every link leads to one, and the API is the modules that are there."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY


def _hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks", REPOSITORY / "docs/site/hooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hooks = _hooks()


def _leaves(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    return [leaf for part in (entry.values() if isinstance(entry, dict) else entry) for leaf in _leaves(part)]


def _navigation() -> list[str]:
    settings = yaml.load((REPOSITORY / "mkdocs.yml").read_text(), Loader=yaml.BaseLoader)
    return _leaves([*settings["nav"], *hooks.navigation()])


def test_every_page_stands_once_in_the_navigation() -> None:
    places = [hooks.place_of(page) for page in hooks.pages()]
    assert len(places) == len(set(places))
    assert sorted(place for place in _navigation() if not place.startswith("api/")) == sorted(places)


@pytest.mark.parametrize("page", hooks.pages(), ids=hooks.place_of)
def test_every_link_leads_to_a_page(page: Path) -> None:
    files = {path.relative_to(REPOSITORY / "docs").as_posix() for path in (REPOSITORY / "docs").iterdir()}
    known = files | {hooks.place_of(page) for page in hooks.pages()} | {"LICENSE.txt"}
    links = re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", hooks.retargeted(page))
    here = os.path.dirname(hooks.place_of(page))
    assert [link for link in links if os.path.normpath(os.path.join(here, link)) not in known] == []


def test_a_link_is_led_to_the_pages_place_and_one_to_nowhere_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "ROOT", tmp_path)
    for name in ("docs", "boards/a", "boards/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "README.md").touch()
    page = tmp_path / "boards/a/README.md"
    page.write_text("[b](../b) [run](../../docs/README.md#here) [x](gone.md) [web](https://example.org/a) ![p](p.svg)")
    assert hooks.retargeted(page) == (
        "[b](../b/README.md) [run](../../README.md#here) [x](gone.md) [web](https://example.org/a) ![p](p.svg)"
    )


def test_the_api_is_made_of_modules_that_are_there() -> None:
    modules = hooks.modules()
    assert len(modules) == len(set(modules))
    assert all(
        any(module.split(".")[: len(name.split("."))] == name.split(".") for module in modules) for name in hooks.API
    )
    for module in modules:
        path = REPOSITORY / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
    assert modules.index("toolchain.graph") < modules.index("toolchain.graph.graph")


def test_make_docs_counts_warnings() -> None:
    """MkDocs counts none with --quiet: a broken link would pass."""
    [line] = [line for line in (REPOSITORY / "Makefile").read_text().splitlines() if "mkdocs build" in line]
    assert line.split()[-2:] == ["build", "--strict"]
