"""What the page of a microcontroller says of its memories and of what was counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolchain.layout import Layout
from toolchain.report.page import render
from toolchain.report.page.gather import Build, gather
from toolchain.report.page.hardware import emulated, memories

_MEMORY = {
    "flash": {"used": 1500, "of": 3000, "parts": {"code": 1000, "weights and tables": 500}},
    "ram": {"used": 4000, "of": 16000, "parts": {"work space": 3000, "stack": 1000}},
}


@pytest.fixture
def build(layout: Layout) -> Build:
    found = gather(layout)
    counted = {"instructions": 12345, "machine": "mps2-an386 of qemu", "stack": 268, "kind": "emulated"}
    return replace(found, manifest={**found.manifest, "memory": _MEMORY, "emulated": counted})


def test_each_memory_and_what_takes_it(build: Build) -> None:
    rows = memories(build)
    assert [row["name"] for row in rows] == ["flash", "code", "weights and tables", "RAM", "work space", "stack"]
    assert (rows[0]["used"], rows[0]["of"], rows[0]["percent"]) == ("1,500", "3,000", "50.0 %")
    assert (rows[4]["used"], rows[4]["of"]) == ("3,000", "")


def test_what_was_counted_and_how_deep_the_stack_went(build: Build) -> None:
    assert emulated(build) == (
        "12,345 instructions an inference on mps2-an386 of qemu: no time follows; the stack's deepest: 268 bytes"
    )
    assert emulated(replace(build, manifest={})) == ""
    older = {"emulated": {"instructions": 7, "machine": "m", "stack": None}}
    assert emulated(replace(build, manifest=older)) == "7 instructions an inference on m: no time follows"


def test_the_page_has_the_table(build: Build, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "gather", lambda _: build)
    page = render.build_page(layout)
    assert "<h2>Memory</h2>" in page and "weights and tables" in page
