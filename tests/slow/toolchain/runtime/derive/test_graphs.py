"""Every variant answers as the interpreter of the integer graph, on every output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.fast.toolchain.graph.some_graphs import every_kind, line
from tests.fast.toolchain.runtime.derive.random_graphs import feeds, random_graph
from tests.properties import given, st
from toolchain.errors import ModelError
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, Linear, Select, Table, Threshold, dense, window
from toolchain.graph.types import TensorType
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import DISABLED, MEANINGS, STYLES, answers, made, makers
from toolchain.runtime.rules import violations
from toolchain.runtime.session import open_session

_ROWS = 20


def _answers(model: onnx.ModelProto, x: Mapping[str, NDArray[Any]], level: str = "all") -> dict[str, NDArray[Any]]:
    session = open_session(model, RunOptions(level, DISABLED.get(model.graph.name, ())))
    names = [output.name for output in session.get_outputs()]
    floats = {name: values.astype(np.float32) for name, values in x.items()}
    return dict(zip(names, session.run(None, floats), strict=True))


def _must_be_equal(graph: Graph, variant: str, settings: GraphSettings | None = None, level: str = "all") -> None:
    x = feeds(graph, _ROWS)
    wanted = run(graph, x)
    got = _answers(made(graph, variant, settings or GraphSettings()).model, x, level)
    assert set(got) == {output.name for output in graph.outputs}
    for output in graph.outputs:
        np.testing.assert_array_equal(got[output.name], answers(output, wanted[output.node]), f"{variant} {output}")


@given(st.integers(0, 100_000))
def test_random_graphs(seed: int) -> None:
    graph = random_graph(seed)
    opset = (13, 17, 18, 21)[seed % 4]
    for variant in STYLES:
        try:
            _must_be_equal(graph, variant, GraphSettings(opset))
        except ModelError as error:
            # Small graphs are beyond float16 only, or beyond float32 where nothing wider may take them.
            assert "are not exact in float16" in str(error) or (variant == "tensorrt" and "float32" in str(error))


@pytest.mark.parametrize("variant", STYLES)
def test_a_dead_branch_counts_in_steps_beyond_any_float16(variant: str) -> None:
    """Zeros times 2**28 are zeros, though float16 has no such number."""
    graph = Graph()
    graph.add("x", Input(TensorType((3,), 0, 3)))
    graph.add("dead", Threshold(np.full((1, 2), 9), 1, 0), "x")
    graph.add("sum", Add((2**28, 1)), "dead", "x")
    graph.add("codes", Threshold(np.array([[1, 2]])), "sum")
    graph.end("sum", "sum")
    graph.end("codes", "codes")
    _must_be_equal(graph, variant)


@pytest.mark.parametrize("level", ["all", "none"])
@pytest.mark.parametrize("variant", STYLES)
@pytest.mark.parametrize("make", [every_kind, line])
def test_every_node_kind(make: Any, variant: str, level: str) -> None:
    _must_be_equal(make(), variant, level=level)


def test_one_interface_and_same_bytes() -> None:
    graph = every_kind()
    first, again = ({n: make() for n, make in makers(graph, GraphSettings()).items()} for _ in range(2))
    assert set(first) == set(STYLES) == set(MEANINGS)
    for name, model in first.items():
        assert model.SerializeToString(deterministic=True) == again[name].SerializeToString(deterministic=True)
        session = open_session(model)
        assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
            ("picture", "tensor(float)", ["rows", 8, 6, 4])
        ]
        assert [(o.name, o.shape) for o in session.get_outputs()] == [("class", ["rows", 1]), ("early", ["rows", 5])]
        assert model.ir_version <= 8


def test_a_fixed_batch() -> None:
    for make in makers(line(), GraphSettings(batch=3)).values():
        assert open_session(make()).get_inputs()[0].shape == [3, 20, 4]


@pytest.mark.parametrize("make", [every_kind, line])
def test_tensorrts_rules_are_kept(make: Any) -> None:
    model = made(make(), "tensorrt", GraphSettings(tensorrt="8.2")).model
    assert [v for v in violations(model, "8.2") if v.kind == "refused"] == []


def _convolution(weights: NDArray[np.int64], fill: int, low: int, high: int) -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType((9, 9, weights.shape[0] // 9), low, high)))
    graph.add("window", window((3, 3), (2, 2), (1, 1), (0, 1), fill=fill), "x")
    graph.add("sums", Linear(weights, np.arange(weights.shape[1]), taps=9), "window")
    edges = (np.arange(1, 256) - 128.5) * float(np.abs(weights).sum(axis=0).max()) / 3
    graph.add("codes", Threshold(np.ceil(edges).astype(np.int64)[None], 1, -128), "sums")
    graph.end("y", "codes")
    return graph


@pytest.mark.parametrize("fill", [-128, 0, 17, 300])
@pytest.mark.parametrize("variant", ["fp32", "qcdq", "tensorrt"])
def test_padding_is_any_number(fill: int, variant: str) -> None:
    weights = np.random.default_rng(3).integers(-127, 128, (27, 6))
    _must_be_equal(_convolution(weights, fill, -128, 127), variant)


def test_greatest_bytes_and_weights_do_not_saturate() -> None:
    """Pairs of products of bytes do in 16 bits, on x86 without VNNI."""
    graph = _convolution(np.full((36, 4), 127), 0, 0, 255)
    x = np.full((2, 9, 9, 4), 255)
    got = _answers(made(graph, "qcdq", GraphSettings()).model, {"x": x})["y"]
    assert np.array_equal(got, run(graph, {"x": x})["codes"])
    assert made(graph, "qcdq", GraphSettings()).choices[0].form == "kernel"


def test_sums_beyond_float32() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((4, 2000), -128, 127)))
    graph.add("wide", dense(np.random.default_rng(1).integers(100, 128, (2000, 3))), "x")
    graph.add("narrow", Threshold(np.arange(-20_000_000, 20_000_000, 300_001)[None]), "wide")
    graph.end("y", "narrow")
    for variant in ("fp32", "qcdq"):
        _must_be_equal(graph, variant)
    with pytest.raises(ModelError, match="tensorrt: node narrow: values up to 29,"):
        made(graph, "tensorrt", GraphSettings())


def test_a_node_that_float16_cannot_hold_is_named() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((100,), -128, 127)))
    graph.add("sums", dense(np.ones((100, 2), np.int64)), "x")
    graph.end("y", "sums")
    with pytest.raises(ModelError, match="fp16: node sums: values up to 12,800 are not exact in float16"):
        made(graph, "fp16", GraphSettings())


def _residual(first: Table | None, second: Table | None, factors: tuple[int, int], table: NDArray[np.int64]) -> Graph:
    """Two tensors of bytes added, perhaps by way of a table each."""
    graph = Graph()
    for name, op in (("a", first), ("b", second)):
        graph.add(name, Input(TensorType((4, 5, 6), -128, 127)))
        graph.add(f"{name}/table", op or Select(tuple(range(6))), name)
    graph.add("sum", Add(factors), "a/table", "b/table")
    graph.add("codes", Threshold(table[None], 1, -128), "sum")
    graph.end("y", "codes")
    return graph


def _forms(graph: Graph, variant: str) -> dict[str, str]:
    return {choice.node: choice.form for choice in made(graph, variant, GraphSettings()).choices}


def test_a_residual_of_one_rounding_is_one_kernel() -> None:
    edges = np.ceil((np.arange(1, 256) - 108.5) * 7).astype(np.int64)
    graph = _residual(None, None, (5, 3), edges)
    assert _forms(graph, "qcdq") == {"codes": "kernel"}
    for variant in STYLES:
        if variant != "fp16":
            _must_be_equal(graph, variant)


def test_a_residual_of_rounded_inputs_takes_the_tables_in() -> None:
    """As TFLite adds: both inputs are rescaled and rounded first."""
    codes = np.arange(-128, 128)
    tables = [Table(np.rint(codes * factor * 2**20)[None].astype(np.int64), -128) for factor in (0.61, 0.97)]
    edges = np.ceil((np.arange(1, 256) - 128.5) * 2**20 * 1.3).astype(np.int64)
    graph = _residual(*tables, (1, 1), edges + 1)
    assert _forms(graph, "qcdq")["codes"] in ("kernel", "scale")
    assert "Gather" not in {node.op_type for node in made(graph, "qcdq", GraphSettings()).model.graph.node}
    for variant in STYLES:
        _must_be_equal(graph, variant)


def test_an_uneven_sum_of_bytes_is_one_table() -> None:
    graph = _residual(None, None, (3, -2), np.sort(np.random.default_rng(2).integers(-600, 600, 255)))
    assert _forms(graph, "qcdq") == {"codes": "table"}
    for variant in STYLES:
        _must_be_equal(graph, variant)


def test_uneven_thresholds_of_few_sums_are_a_table() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((5, 4, 3), -8, [7, 7, 3])))
    graph.add("y", Threshold(np.sort(np.random.default_rng(4).integers(-8, 8, (3, 15)), axis=1), 1, -8), "x")
    graph.end("y", "y")
    for variant in STYLES:
        assert _forms(graph, variant) == {"y": "table"}
        _must_be_equal(graph, variant)


def test_thresholds_that_were_rounded_twice_take_one_look_at_a_table() -> None:
    """As TFLite rescales: the product is rounded, then its shift."""
    sums = np.arange(-60_000, 60_001)
    twice = np.floor(np.floor(sums * 1.7e-3 * 64 + 0.5) / 64 + 0.5).astype(np.int64)
    edges = np.searchsorted(twice, np.arange(1, 256) - 128) - 60_000
    graph = Graph()
    graph.add("x", Input(TensorType((1, 3), -60_000, 60_000)))
    graph.add("y", Threshold(edges[None], 1, -128), "x")
    graph.end("y", "y")
    assert _forms(graph, "tensorrt")["y"] == "near"
    for variant in ("fp32", "qcdq", "tensorrt"):
        _must_be_equal(graph, variant)
