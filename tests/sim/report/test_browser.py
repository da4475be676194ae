"""The pages in headless Chromium, as wide as a desktop and as a phone, and in print."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.report.page.conftest import fabricate
from tests.fast.toolchain.report.page.results import write_results
from toolchain.layout import Request
from toolchain.report.page import write_overview

_CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="chromium is not installed; `make system-deps` installs it")

_DESKTOP, _PHONE, _HEIGHT = 1280, 390, 3000
# A window of Chromium is never narrower than 500 pixels; a frame may be.
_FRAME = """<!doctype html><body style="margin:0">
<iframe style="border:0" width="{width}" height="{height}" srcdoc="{page}"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const inside = frame.contentDocument, root = inside.documentElement;
  const shown = size => [...inside.querySelectorAll(".plot." + size)].filter(p => p.getBoundingClientRect().width > 0);
  const sticksOut = e => e.getBoundingClientRect().right > {width} + 1 && !e.closest(".scroll, pre, svg");
  const small = [...inside.querySelectorAll(".plot text")].filter(t => t.getClientRects().length)
    .map(t => t.getBoundingClientRect().height);
  document.body.dataset.found = JSON.stringify({{
    width: root.scrollWidth, wide: shown("wide").length, narrow: shown("narrow").length,
    out: [...inside.body.querySelectorAll("*")].filter(sticksOut).map(e => e.outerHTML.slice(0, 80)),
    text: Math.min(...small), requests: frame.contentWindow.performance.getEntriesByType("resource").length,
    paper: getComputedStyle(inside.body).backgroundColor,
  }});
}};
</script>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a build that was run and measured, and the one across it and another."""
    root = tmp_path_factory.mktemp("build")
    build = fabricate(root, Request("ulx3s", "cqmlp"))
    fabricate(root, Request("icebreaker", "cqmlp"))
    write_results(build.board_dir)
    return {"overview": write_overview(root), "build": build.variant_dir / "report.html"}


@pytest.mark.parametrize("name", ["overview", "build"])
@pytest.mark.parametrize(("width", "size"), [(_DESKTOP, "wide"), (_PHONE, "narrow")])
def test_a_page_fits_its_window_and_its_plots_can_be_read(
    pages: dict[str, Path], tmp_path: Path, name: str, width: int, size: str
) -> None:
    found = _look(pages[name].read_text(), tmp_path, width)
    assert found["width"] <= width
    assert found["out"] == []
    other = {"wide": "narrow", "narrow": "wide"}[size]
    assert (found[size] > 0, found[other]) == (True, 0)
    assert found["text"] >= 9
    assert found["requests"] == 0


def test_the_dark_page_is_dark(pages: dict[str, Path], tmp_path: Path) -> None:
    light = _look(pages["build"].read_text(), tmp_path, _DESKTOP)["paper"]
    dark = _look(pages["build"].read_text(), tmp_path, _DESKTOP, "--blink-settings=preferredColorScheme=0")["paper"]
    assert _brightness(dark) < 60 < 200 < _brightness(light)


@pytest.mark.parametrize("name", ["overview", "build"])
def test_a_page_prints(pages: dict[str, Path], tmp_path: Path, name: str) -> None:
    target = tmp_path / "page.pdf"
    _chromium(tmp_path, f"--print-to-pdf={target}", "--no-pdf-header-footer", pages[name].as_uri())
    assert target.read_bytes().startswith(b"%PDF")
    assert target.stat().st_size > 20_000


def test_a_screenshot_is_not_blank(pages: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "page.png"
    size = f"--window-size={_DESKTOP},{_HEIGHT}"
    _chromium(tmp_path, f"--screenshot={target}", size, pages["build"].as_uri())
    # An empty page of this size takes some 20 kB.
    assert target.stat().st_size > 100_000


def _look(page: str, folder: Path, width: int, *options: str) -> dict[str, Any]:
    frame = folder / "frame.html"
    frame.write_text(_FRAME.format(width=width, height=_HEIGHT, page=html.escape(page)))
    dom = _chromium(folder, "--dump-dom", f"--window-size={max(width, 500)},{_HEIGHT}", *options, frame.as_uri())
    found = re.search(r'data-found="([^"]*)"', dom)
    assert found, dom[-2000:]
    return dict(json.loads(html.unescape(found[1])))


def _chromium(folder: Path, *words: str) -> str:
    command = [str(_CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--virtual-time-budget=3000", f"--user-data-dir={folder / 'profile'}", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def _brightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3
