"""The page names the layers that were to be unrolled and are folded, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolchain.layout import Layout
from toolchain.report.page import render
from toolchain.report.page.gather import gather
from toolchain.report.page.hardware import too_dense


def test_what_is_folded_is_told_with_its_reason(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    found = gather(layout)
    assert too_dense(found) == "" and "Of its strategy" not in render.build_page(layout)
    products = [{"tensor": "fc1", "lut": 9000}, {"tensor": "fc2", "lut": 15000, "reason": "wires"}]
    build = replace(found, manifest={**found.manifest, "estimate": {"too_dense": products}})
    monkeypatch.setattr(render, "gather", lambda _: build)
    page = render.build_page(layout)
    assert "fc1 (unrolled an estimated 9,000 LUT) and fc2" in page
    assert "15,000 LUT, whose wires would find no way)." in page
