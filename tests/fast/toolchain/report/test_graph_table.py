"""The table of graphs says what was compared of each."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from toolchain.report.table import graph_table, stage_table
from toolchain.results.check import Check
from toolchain.results.facts.runtime import GraphProof, OutputMeaning, VectorCount
from toolchain.results.manifest import Graphs
from toolchain.results.options import RunOptions
from toolchain.results.report import StageReport

PROOF = GraphProof(
    meaning="as it is",
    exact=False,
    within_budget=True,
    check=Check(1000, 1000, "labels", "random"),
    compared=1000,
    equal=0,
    near=0,
    labels_equal=1000,
    differing=0,
    largest_difference=1.0,
    largest_relative_difference=1.0,
    first_difference=0,
    tolerance=0.0,
    batches=(1,),
    options=RunOptions(level="all", disabled=("A",)),
)
NEAR = PROOF.model_copy(update={"near": 996, "labels_equal": None, "tolerance": 1e-5, "within_budget": False})
CLASSES = OutputMeaning(kind="classes", why="nobody says else")


def graphs(proof: GraphProof, **changes: Any) -> Graphs:
    said = {
        "kind": "onnx",
        "reference": "the model",
        "vectors": VectorCount(count=1000, kind="random"),
        "left_out": {"int8": "no data"},
        "accuracy": None,
        "outputs": CLASSES,
        "notices": (),
        "proved": {"fp32": proof},
        "budget": 0.001,
    }
    return Graphs.model_validate({**said, **changes})


def _text(table: Any) -> str:
    console = Console(width=140, file=io.StringIO(), record=True)
    console.print(table)
    return " ".join(console.export_text().split())


def test_outputs_near_and_labels_are_told_apart() -> None:
    text = _text(graph_table(graphs(NEAR, notices=("the axis is fixed",)), "other"))
    assert "graphs against the model (1,000 random vectors)" in text
    assert "outputs equal within 1e-05 labels equal" in text
    assert "fp32 0 996 - 1 beyond the budget" in text
    assert "outputs are classes: nobody says else the axis is fixed" in text


def test_values_have_no_labels() -> None:
    values = OutputMeaning(kind="values", why="so")
    text = _text(graph_table(graphs(NEAR, outputs=values), "fp32"))
    assert "outputs equal within 1e-05 passes off" in text and "fp32 0 996 1 chosen" in text


def test_a_reason_stands_once_below_all_that_it_left_out() -> None:
    left = {"fp16": "node a[/red]: too wide", "qcdq": "node a[/red]: too wide", "int8": "no data"}
    text = _text(graph_table(graphs(PROOF, left_out=left), "fp32"))
    assert "fp16 - - - left out qcdq - - - left out int8 - - - left out" in text
    assert "left out: fp16, qcdq: node a[/red]: too wide left out: int8: no data" in text


def test_accuracy_says_of_what_it_is() -> None:
    text = _text(graph_table(graphs(PROOF, accuracy=0.5), "fp32"))
    assert "fp32 0 1,000 1 chosen" in text and "accuracy of the model: 0.5000 (1,000 random vectors)" in text


def test_a_stage_says_what_it_compared_kind_by_kind() -> None:
    labels, layers = Check(64, 64, "labels", "test set"), Check(100, 100, "layers", "test set")
    stage = StageReport(seconds=1.0, outputs={}, verified=None, checks={"a": layers, "b": labels, "c": labels})
    other = StageReport(seconds=0.5, outputs={}, verified=None, checks={})
    text = _text(stage_table({"simulate": stage, "fold": other}))
    assert "simulate 1.0 every element of every layer test set 100 100 labels test set 128 128 fold 0.5" in text
