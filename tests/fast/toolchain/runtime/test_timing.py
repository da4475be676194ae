"""The latency table and the choice, from made-up rows."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper
from rich.console import Console

from toolchain.errors import ModelError
from toolchain.results.facts.runtime import Effort, LatencyRow
from toolchain.runtime.timing import (
    CALLS,
    REPEATS,
    WARMUP,
    effort_of,
    fastest,
    floor_model,
    latency_markdown,
    latency_table,
    runs_of,
)

ROW = LatencyRow(
    variant="qcdq",
    runner="c",
    kind="measured",
    where="host: X",
    batch=1,
    min_us=2.0,
    p50_us=2.5,
    p90_us=2.6,
    p99_us=3.0,
    mean_us=2.7,
    switches=4,
    floor_us=1.0,
    calls=5000,
    processes=3,
)
ROWS = [
    ROW,
    ROW.model_copy(update={"runner": "python", "p50_us": 1.0}),
    ROW.model_copy(update={"variant": "fp32", "p50_us": 2.0}),
    ROW.model_copy(update={"variant": "fp16", "p50_us": 1.5}),
    ROW.model_copy(update={"runner": "session.run", "floor_us": None}),
]


def test_fastest_among_those_that_are_good_enough() -> None:
    assert fastest(ROWS, {"qcdq", "fp32"}) == "fp32"
    assert fastest(ROWS, {"qcdq", "fp32", "fp16"}) == "fp16"
    assert fastest(ROWS, {"qcdq"}, runner="python") == "qcdq"
    with pytest.raises(ModelError, match="accuracy budget"):
        fastest(ROWS, set())


def test_table_shows_the_ratio_the_kind_and_the_place() -> None:
    lines = latency_markdown(ROWS).splitlines()
    assert (
        lines[2] == "| qcdq | c | 2.00 | 2.50 | 2.60 | 3.00 | 2.70 | 1.00 | 2.50 | 4 | 3 x 5,000 | measured (host: X) |"
    )
    assert lines[-1].endswith("| 2.70 |  |  | 4 | 3 x 5,000 | measured (host: X) |")
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(latency_table(ROWS))
    assert capture.get().count("measured (host: X)") == len(ROWS)


def test_a_fast_graph_is_called_as_often_as_ever() -> None:
    assert effort_of(1e-5, 5) == Effort(calls=CALLS, warmup=WARMUP, repeats=REPEATS)


@pytest.mark.parametrize("variants", [1, 3, 6])
@pytest.mark.parametrize("slowest", [0.002, 0.05, 0.7, 2.0, 5.0])
def test_a_slow_graph_is_timed_within_a_minute_or_once(slowest: float, variants: int) -> None:
    effort = effort_of(slowest, variants)
    assert min(effort.calls, effort.warmup, effort.repeats) >= 1
    # Opening a graph calls it once.
    took = runs_of(effort.repeats, variants) * (effort.calls + effort.warmup + 1) * slowest
    assert took <= 61 or effort == Effort(calls=1, warmup=1, repeats=1)


def model_of(kind: int, shape: list[int | str]) -> onnx.ModelProto:
    sides = [helper.make_tensor_value_info(name, kind, shape) for name in "ab"]
    graph = helper.make_graph([helper.make_node("Neg", ["a"], ["b"])], "g", sides[:1], sides[1:])
    opsets = [helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("", 11)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=7)


def test_floor_keeps_type_shape_opset_and_format() -> None:
    floor = floor_model(model_of(TensorProto.INT8, ["rows", 3, 4]))
    onnx.checker.check_model(floor)
    tensor = floor.graph.input[0].type.tensor_type
    assert tensor.elem_type == TensorProto.INT8
    assert [dim.dim_param or dim.dim_value for dim in tensor.shape.dim] == ["rows", 3, 4]
    assert [(entry.domain, entry.version) for entry in floor.opset_import] == [("", 11)]
    assert floor.ir_version == 7 and [node.op_type for node in floor.graph.node] == ["Identity"]


def test_floor_of_a_model_without_input() -> None:
    with pytest.raises(ModelError, match="no tensor input"):
        floor_model(onnx.ModelProto())
