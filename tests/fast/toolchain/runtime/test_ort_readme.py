"""The README of a device package says of each graph what is true of it, and what one call takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fast.toolchain.device.ort.packages import content, pack, save_model
from toolchain.results.device import Promise


def _text(package: Path) -> str:
    return " ".join((package / "README.md").read_text().split())


def test_exact_is_said_of_the_graphs_that_are(tmp_path: Path) -> None:
    said = "`qcdq`, `tensorrt` and `fp32` are exact: every output equals the reference's on the CPU provider"
    assert said in _text(pack(tmp_path))


@pytest.mark.parametrize(("kind", "said"), [("exact", True), ("values", False)])
def test_where_one_or_none_is_exact(kind: str, said: bool, tmp_path: Path) -> None:
    graph = replace(content(tmp_path).graphs["fp32"], promise=Promise(kind, tolerance=1e-5))  # type: ignore[arg-type]
    text = _text(pack(tmp_path, graphs={"fp32": graph}, chosen="fp32"))
    assert ("`fp32` is exact: every output equals" in text) == said
    assert said or "exact" not in text.lower()


def test_a_graph_without_a_promise_says_so(tmp_path: Path) -> None:
    graphs = content(tmp_path).graphs
    far = replace(graphs["fp16"], promise=Promise("none"), within_budget=False)
    text = _text(pack(tmp_path, graphs={**graphs, "int8": far}))
    assert "| **no promise**, and so never chosen |" in text


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("rows", "`rows` is an array of float32, of shape (N, 3): N is up to you."),
        (1, "`rows` is an array of float32, of shape (1, 3): the batch is fixed at 1."),
        (4, "`rows` is an array of float32, of shape (4, 3): the batch is fixed at 4."),
    ],
)
def test_the_example_says_how_many_rows_one_call_takes(rows: int | str, words: str, tmp_path: Path) -> None:
    graph = content(tmp_path).graphs["fp32"]
    one = replace(graph, path=save_model(tmp_path / "rows.onnx", rows))
    assert words in _text(pack(tmp_path, graphs={"fp32": one}, chosen="fp32"))
