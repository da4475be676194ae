"""A network's C, compiled and called: the interpreter's integers, and nothing done where what comes in is wrong."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.fast.hls.unrolled.networks import TABLE_NETWORKS
from tests.fast.toolchain.kernels.networks import bytes_by_bytes, feeds_of, must_agree, small_values
from tests.fast.toolchain.runtime.derive.random_graphs import random_graph
from tests.sim.hls import random_graphs
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, ArgMax, Input, Linear, Op, Reshape, Threshold, Window, window
from toolchain.graph.types import TensorType
from toolchain.kernels.compiled import PORTABLE, CompiledNetwork
from toolchain.kernels.generate import c_source
from toolchain.kernels.steps import steps_of

QUICK = ("-O1",)


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_of_several_inputs_and_outputs(seed: int, tmp_path: Path) -> None:
    graph = random_graph(seed)
    must_agree(graph, feeds_of(graph, seed, 12), CompiledNetwork(graph, tmp_path, QUICK))


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_of_every_node_kind(seed: int, tmp_path: Path) -> None:
    graph = random_graphs.random_graph(np.random.default_rng(seed))
    must_agree(graph, feeds_of(graph, seed, 12), CompiledNetwork(graph, tmp_path, QUICK))


@pytest.mark.parametrize("name", TABLE_NETWORKS)
def test_neurons_that_are_tables(name: str, tmp_path: Path) -> None:
    graph = TABLE_NETWORKS[name].graph
    must_agree(graph, feeds_of(graph, 1, 1300), CompiledNetwork(graph, tmp_path, QUICK))


@pytest.mark.parametrize("low", [-128, -3, 0])
@pytest.mark.parametrize("flags", [(*QUICK, "-march=native"), (*QUICK, "-mavx2"), (*QUICK, "-march=native", PORTABLE)])
def test_dots_of_bytes_by_whatever_the_processor_has(low: int, flags: tuple[str, ...], tmp_path: Path) -> None:
    graph = bytes_by_bytes(low)
    network = CompiledNetwork(graph, tmp_path, flags)
    assert "dots(" in network.source.source
    must_agree(graph, feeds_of(graph, 5, 12), network)


@pytest.mark.parametrize("flags", [(*QUICK, "-march=native"), (*QUICK, "-mavx2"), QUICK])
@pytest.mark.parametrize(("high", "least", "step"), [(1, 0, 1), (5, -3, 2), (3, 1, -1)])
def test_many_vectors_of_small_values_go_by_bits(
    flags: tuple[str, ...], high: int, least: int, step: int, tmp_path: Path
) -> None:
    """More vectors than go at once, sums of either sign, thresholds that are always and never reached."""
    graph = small_values(high, least, step)
    network = CompiledNetwork(graph, tmp_path, flags)
    assert "planes_run(" in network.source.source
    must_agree(graph, feeds_of(graph, 2, 1300), network)


@pytest.mark.parametrize("flags", [(*QUICK, "-march=native"), QUICK])
def test_many_vectors_go_by_bits_where_a_class_is_told_with_its_scores(flags: tuple[str, ...], tmp_path: Path) -> None:
    graph = small_values(1, 0, 1)
    (scores,) = (output.node for output in graph.outputs)
    graph.add("label", ArgMax(), scores)
    graph.end("label", "label")
    network = CompiledNetwork(graph, tmp_path, flags)
    assert "planes_run(" in network.source.source
    must_agree(graph, feeds_of(graph, 2, 1300), network)


def small() -> Graph:
    """A convolution whose sums are compared, a skip, and a dense layer; two names for one output."""
    random, graph = np.random.default_rng(1), Graph()
    graph.add("x", Input(TensorType((4, 5, 2), -3, 9)))
    graph.add("window", window((3, 3), before=(1, 1), fill=2), "x")
    graph.add("conv", Linear(random.integers(-4, 5, (18, 2)), np.array([3, -5]), taps=9), "window")
    graph.add("codes", Threshold(np.sort(random.integers(-90, 90, (2, 20)), axis=1), least=-4), "conv")
    graph.add("skip", Add((2, -1)), "codes", "x")
    graph.add("flat", Reshape((40,)), "skip")
    graph.add("dense", Linear(random.integers(-9, 10, (40, 3)), np.zeros(3, np.int64)), "flat")
    for name, node in (("scores", "dense"), ("again", "dense"), ("input", "x"), ("inner", "flat")):
        graph.end(name, node, 0.5, 1.0)
    return graph


def test_outputs_of_the_same_tensor_and_of_an_input(tmp_path: Path) -> None:
    graph = small()
    must_agree(graph, feeds_of(graph, 3, 20), CompiledNetwork(graph, tmp_path, QUICK))


def test_sums_are_rows_and_never_tensors() -> None:
    graph = small()
    assert [[node.name for node in step.nodes] for step in steps_of(graph)] == [
        ["window", "conv", "codes"],
        ["skip"],
        ["dense"],
    ]
    memory = c_source(graph).memory
    # What is written where it leaves needs no place: the codes, a window's row and two sums do.
    assert memory.size == 48 + 32 + 16 and {b.size for b in memory.largest} == {40, 18, 8}


def test_values_that_the_type_does_not_hold_are_refused(tmp_path: Path) -> None:
    network = CompiledNetwork(small(), tmp_path, QUICK)
    x = np.zeros((2, 4, 5, 2), np.int64)
    x[1, 2, 3, 1] = 10
    with pytest.raises(ModelError, match="vector 1: an input holds what its type does not"):
        network.run({"x": x})


def test_names_that_c_has_for_something_else(tmp_path: Path) -> None:
    """Words of C, names of the library's own, and two that become one."""
    graph = Graph()
    for name in ("int", "bad", "step0", "memcpy", "a:b", "a/b", "work"):
        graph.add(name, Input(TensorType((2,), 0, 9)))
    graph.add("sum", Add((1,) * 7), *graph.inputs)
    graph.add("twice", Add((2,)), "sum")
    for name in ("for", "a.b", "A_B"):
        graph.end(name, "twice")
    must_agree(graph, feeds_of(graph, 1, 5), CompiledNetwork(graph, tmp_path, QUICK))


@pytest.mark.parametrize("bias", [2**31 - 2**12, -(2**31) + 2**12])
def test_what_is_taken_off_a_sum_of_bytes_may_be_larger_than_any_sum(bias: int, tmp_path: Path) -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((2, 16), -1, 1)))
    weights = np.full((16, 3), 127) * np.sign(-bias)
    graph.add("sums", Linear(weights, np.full(3, bias)), "x")
    graph.add("codes", Threshold(np.arange(bias - 2000, bias + 2000, 100)[None]), "sums")
    graph.end("y", "codes")
    network = CompiledNetwork(graph, tmp_path, QUICK)
    assert "dots(" in network.source.source
    must_agree(graph, feeds_of(graph, 1, 9), network)


class Odd(Op):
    """A node kind of tomorrow."""

    seen: ClassVar[int] = 0

    def result(self, *types: TensorType) -> TensorType:
        return types[0]

    def run(self, *values: np.ndarray) -> np.ndarray:
        return values[0]


def test_a_node_without_a_kernel_is_named() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((3,), 0, 1)))
    graph.add("late", Odd(), "x")
    graph.end("y", "late")
    with pytest.raises(ModelError, match=r"no C for late \(Odd\); the interpreter and ONNX Runtime take"):
        c_source(graph)


@pytest.mark.parametrize(
    ("counts", "work", "shift", "code"),
    [((39, 3), 0, 0, -1), ((40, 4), 0, 0, -1), ((40, 3), 1, 0, -2), ((40, 3), 0, 4, -2)],
)
def test_wrong_sizes_are_refused_before_anything_is_read(
    counts: tuple[int, int], work: int, shift: int, code: int, tmp_path: Path
) -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((40,), -3, 9)))
    graph.add("sums", Linear(np.ones((40, 3), np.int64), np.zeros(3, np.int64)), "x")
    graph.add("again", Add((1, 1)), "sums", "sums")
    graph.end("y", "again")
    network = CompiledNetwork(graph, tmp_path, QUICK)
    run, size = ctypes.CDLL(str(tmp_path / "libmodel.so")).model_run, network.source.memory.size
    y, space = (ctypes.c_int16 * 4)(*[7] * 4), (ctypes.c_int64 * (size // 8 + 2))()
    given = [None, ctypes.c_size_t(counts[0]), y, ctypes.c_size_t(counts[1])]
    assert run(*given, ctypes.byref(space, shift), ctypes.c_size_t(size - work)) == code
    assert list(y) == [7] * 4


def test_windows_of_either_padding_and_type(tmp_path: Path) -> None:
    """A fill beyond the tensor's own bytes, a stride, gaps, and a window that several take."""
    graph = Graph()
    graph.add("x", Input(TensorType((6, 7, 3), -128, 127)))
    wide: Window = window((3, 2), stride=(2, 3), before=(2, 0), after=(1, 2), dilation=(2, 1), fill=300)
    graph.add("window", wide, "x")
    graph.add("sum", Add((1, 1)), "window", "window")
    graph.end("y", "sum")
    must_agree(graph, feeds_of(graph, 0, 4), CompiledNetwork(graph, tmp_path, QUICK))
