"""The table of graphs says what was compared of each, and reads what an older build left."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from toolchain.report.table import graph_table, stage_table

OLD = {
    "compared": 1000,
    "equal": 0,
    "labels_equal": 1000,
    "differing": 0,
    "tolerance": 0.0,
    "within_budget": True,
    "options": {"level": "all", "disabled": ["A"]},
}
NEW = {**OLD, "near": 996, "labels_equal": None, "tolerance": 1e-5, "within_budget": False}
SHARED = {"judge": "the model", "vectors": {"count": 1000, "kind": "random"}, "left_out": {"int8": "no data"}}


def _text(table: Any) -> str:
    console = Console(width=140, file=io.StringIO(), record=True)
    console.print(table)
    return " ".join(console.export_text().split())


def test_outputs_near_and_labels_are_told_apart() -> None:
    graphs = {**SHARED, "proved": {"fp32": NEW}, "accuracy": None}
    graphs |= {"outputs": {"kind": "classes", "why": "nobody says else"}, "notices": ["the axis is fixed"]}
    text = _text(graph_table(graphs, "other"))
    assert "graphs against the model (1,000 random vectors)" in text
    assert "outputs equal within 1e-05 labels equal" in text
    assert "fp32 0 996 - 1 beyond the budget" in text
    assert "outputs are classes: nobody says else the axis is fixed" in text


def test_values_have_no_labels() -> None:
    graphs = {**SHARED, "proved": {"fp32": NEW}, "accuracy": None, "outputs": {"kind": "values", "why": "so"}}
    text = _text(graph_table(graphs, "fp32"))
    assert "outputs equal within 1e-05 passes off" in text and "fp32 0 996 1 chosen" in text


def test_a_reason_stands_once_below_all_that_it_left_out() -> None:
    left = {"fp16": "node a[/red]: too wide", "qcdq": "node a[/red]: too wide", "int8": "no data"}
    graphs = {**SHARED, "left_out": left, "proved": {"fp32": OLD}, "accuracy": None}
    text = _text(graph_table(graphs, "fp32"))
    assert "fp16 - - - left out qcdq - - - left out int8 - - - left out" in text
    assert "left out: fp16, qcdq: node a[/red]: too wide left out: int8: no data" in text


def test_an_older_build_is_still_shown() -> None:
    text = _text(graph_table({**SHARED, "proved": {"fp32": OLD}, "accuracy": 0.5}, "fp32"))
    assert "fp32 0 1,000 1 chosen" in text and "accuracy of the model: 0.5000 (1,000 random vectors)" in text


def test_a_stage_says_what_it_compared_kind_by_kind() -> None:
    check = {"compared": 64, "equal": 64, "what": "labels", "vectors": "test set"}
    layers = {**check, "what": "layers", "compared": 100, "equal": 100}
    stage = {"seconds": 1.0, "checks": {"a": layers, "b": check, "c": check}}
    text = _text(stage_table({"stages": {"simulate": stage, "fold": {"seconds": 0.5, "checks": {}}}}))
    assert "simulate 1.0 every element of every layer test set 100 100 labels test set 128 128 fold 0.5" in text
