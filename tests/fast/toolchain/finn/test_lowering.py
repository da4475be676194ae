"""The layers of a chain compute what the integer graph does, or the node that FINN has no RTL for is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.fast.toolchain.finn import images
from tests.fast.toolchain.finn.computing import must_equal
from tests.fast.toolchain.finn.images import Images
from tests.fast.toolchain.graph.some_graphs import every_kind
from toolchain.errors import ModelError
from toolchain.finn.layers import Levels
from toolchain.finn.lowering import full_weights, lowered
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear, Reduce, Softmax, Table, Threshold, dense, window
from toolchain.graph.types import IntType, TensorType

NETWORKS = (images.small, images.as_tflite_has_it, images.of_rows, images.of_other_windows)


@pytest.mark.parametrize("make", NETWORKS)
def test_every_layer_computes_what_the_graph_does(make: Callable[[], Images]) -> None:
    made = make()
    must_equal(made.graph, lowered(made.graph), made.inputs(30))


def test_thresholds_are_as_many_as_finns_search_has_steps() -> None:
    for make in NETWORKS:
        for layer in lowered(make().graph).layers:
            if isinstance(layer, Levels):
                # FINN numbers its files by the bits of the result, and searches in as many steps as the count has bits.
                assert layer.table.shape[1].bit_length() == IntType.of(layer.kind).bits
                limits, source = IntType.of(layer.limits), IntType.of(layer.source)
                assert limits.low <= layer.table.min() and layer.table.max() <= limits.high
                assert (limits.low < 0) == (source.low < 0) and limits.bits >= source.bits


def test_the_end_has_whole_bytes_and_its_own_values() -> None:
    last = lowered(images.as_tflite_has_it().graph).layers[-1]
    assert isinstance(last, Levels)
    assert (last.kind, last.shift) == ("INT8", 0)
    assert lowered(images.small().graph).layers[-1].kind == "INT16"


def test_padding_with_a_value_is_shifted_to_zero() -> None:
    layers = lowered(images.as_tflite_has_it().graph).layers
    shifted = [layer.shift for layer in layers if isinstance(layer, Levels)]
    assert shifted[:2] == [5, -128]
    # The input as it is, but for its zero point: 255 thresholds, and one more, since 9 bits hold the result.
    first = layers[0]
    assert isinstance(first, Levels)
    assert (first.source, first.kind, first.table.shape) == ("INT8", "INT9", (1, 256))


@pytest.mark.parametrize(("groups", "taps", "own", "outputs"), [(1, 3, 2, 4), (4, 9, 1, 8), (2, 4, 3, 6)])
def test_groups_as_one_product(groups: int, taps: int, own: int, outputs: int) -> None:
    random = np.random.default_rng(7)
    weights = random.integers(-7, 8, (taps * own, outputs))
    x = random.integers(0, 9, (5, taps * own * groups))
    grouped = Linear(weights, np.zeros(outputs, np.int64), groups, taps)
    assert np.array_equal(x @ full_weights(weights, groups, taps), grouped.run(x))


def chain(*ops: object, shape: tuple[int, ...] = (6, 6, 2), low: int = 0, high: int = 15) -> Graph:
    graph = Graph()
    last = graph.add("x", Input(TensorType(shape, low, high)))
    for index, op in enumerate(ops):
        last = graph.add(f"node_{index}", op, last)  # type: ignore[arg-type]
    graph.end("y", last)
    return graph


def ones(inputs: int, outputs: int = 2) -> Linear:
    return dense(np.ones((inputs, outputs), np.int64))


LEVELS = Threshold(np.array([[10, 20, 30]]))
REFUSED = {
    "max": (chain(window((2, 2)), Reduce("max", 4)), r"node_1 \(Reduce\): FINN takes the greatest of a window in HLS"),
    "softmax": (chain(ones(2), LEVELS, Softmax(0.1)), r"node_2 \(Softmax\): FINN has a softmax of floats only"),
    "table": (chain(Table(np.arange(16)[None])), r"node_0 \(Table\): FINN has tables in HLS only"),
    "bias": (
        chain(Linear(np.ones((2, 2), int), np.array([0, 3]))),
        r"node_0 \(Linear\): has a bias, and no thresholds",
    ),
    "wide": (chain(ones(2), high=2**18), r"node_0 \(Linear\): activations of 19 bits"),
    "sums": (chain(dense(np.full((2, 2), 2**20)), high=15), r"node_0 \(Linear\): sums of more than 24 bits"),
    "levels": (chain(ones(2), Threshold(np.arange(600)[None])), r"node_1 \(Threshold\): 600 thresholds a channel"),
    "loose": (chain(dense(np.full((2, 2), 99)), ones(2)), r"node_0 \(Linear\): no quantiser follows it"),
    "falls": (chain(Threshold(np.array([[3]]), -1, 1)), r"node_0 \(Threshold\): falls, and no product before it"),
    "gaps": (chain(window((1, 2), (3, 1)), ones(4)), r"node_0 \(Window\): leaves out rows between its windows"),
    "half": (chain(window((1, 1), (6, 1)), ones(2)), r"node_0 \(Window\): leaves out half of its rows"),
    "pads twice": (
        chain(window((1, 1), before=(1, 1), fill=3), window((3, 3), before=(1, 1), fill=4), ones(18)),
        r"node_1 \(Window\): pads with 4, where FINN's zeros stand for 3",
    ),
    "ends in windows": (chain(window((2, 2))), r"node_0 \(Window\): the network ends in it"),
    "class inside": (chain(ones(2), ArgMax(), ones(1)), r"node_1 \(ArgMax\): FINN looks for the greatest in HLS only"),
    "axes": (chain(ones(2), shape=(2, 2, 2, 2)), r"node_0 \(Linear\): a tensor of 4 axes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_node_without_exact_rtl_is_named_with_the_other_flow(name: str) -> None:
    graph, words = REFUSED[name]
    with pytest.raises(ModelError, match=f"^node {words}.*; FLOW=dataflow can take it$"):
        lowered(graph)


def test_a_branch_is_named() -> None:
    with pytest.raises(ModelError, match=r"^node .*FINN .* in HLS only; FLOW=dataflow can take it$"):
        lowered(every_kind())
    graph = chain(ones(2), LEVELS)
    graph.end("early", "node_0")
    with pytest.raises(ModelError, match=r"node_0 \(Linear\): the network answers with it and goes on"):
        lowered(graph)
