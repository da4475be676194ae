"""Networks that others trained: the integer graph answers as the qonnx executor, and broken copies do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.readers.qonnx.models import SHARED, answers, drawn, expected
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.model_file import load_model
from toolchain.graph.ops import Linear, Op, Select, Threshold, Transpose, Window
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.readers.source import Source


def model_of(name: str) -> ModelWrapper:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    return load_model(path)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("nn2fpga/resnet20_a8w8b16.onnx", 1),
        ("example-models/branched_model_ch_last.onnx", 1),
        ("example-models/separable_conv_model_ch_last.onnx", 1),
        ("qonnx/eltwise_chanlast_testcase.onnx", 1),
        ("qonnx-model-zoo/TFC_1W1A.onnx", 20),
        ("qonnx-model-zoo/TFC_1W2A.onnx", 20),
        ("qonnx-model-zoo/TFC_2W2A.onnx", 20),
    ],
)
def test_every_output_is_equal(name: str, rows: int) -> None:
    model = model_of(name)
    feeds = drawn(model, rows)
    got, wanted = answers(read_qonnx(model), feeds), expected(model, feeds)
    for output, values in wanted.items():
        assert np.array_equal(got[output], values)


def test_scales_that_are_no_powers_of_two_leave_the_last_place_to_rounding() -> None:
    model = model_of("qonnx-model-zoo/kwsmlp_w3a3.onnx")
    feeds = drawn(model, 50)
    got, wanted = answers(read_qonnx(model), feeds), expected(model, feeds)
    for output, values in wanted.items():
        assert np.allclose(got[output], values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "example-models/conv1d_small_keras.onnx",
        "example-models/conv2d_small_keras.onnx",
        "example-models/conv2d_small_mp_keras.onnx",
        "qonnx/mnist-conv.onnx",
        "qonnx/residual_block_clean.onnx",
    ],
)
def test_models_of_floats_are_refused(name: str) -> None:
    model = model_of(name)
    with pytest.raises(ModelError, match=r"node \w+ \(\w+\): takes '\w+', which is not quantised; put a Quant"):
        read_qonnx(model)


@dataclass(frozen=True)
class Resnet8:
    source: Source
    feeds: dict[str, NDArray[Any]]
    wanted: NDArray[Any]

    @property
    def name(self) -> str:
        return self.source.outputs[0].name


@pytest.fixture(scope="module")
def resnet8() -> Resnet8:
    model = model_of("nn2fpga/resnet8_a8w8b16.onnx")
    feeds = drawn(model, 4)
    (wanted,) = expected(model, feeds).values()
    return Resnet8(read_qonnx(model), feeds, wanted)


def test_resnet8_is_equal(resnet8: Resnet8) -> None:
    assert np.array_equal(answers(resnet8.source, resnet8.feeds)[resnet8.name], resnet8.wanted)


def test_no_threshold_of_resnet8_is_wider_than_its_channel(resnet8: Resnet8) -> None:
    graph = resnet8.source.graph
    for node in graph:
        if isinstance(node.op, Threshold):
            (x,) = graph.types_into(node)
            assert node.op.table.min() >= x.low.min()
            assert node.op.table.max() <= x.high.max() + 1


def rebuilt(source: Source, change: Callable[[Op], Op | None]) -> Source:
    """A copy in which the first node is another that the change knows."""
    graph, changed = Graph(), False
    for node in source.graph:
        op = None if changed else change(node.op)
        changed |= op is not None
        # The uniform form holds for what it was found for.
        whole = op or node.op
        graph.add(node.name, replace(whole, uniform=None) if isinstance(whole, Threshold) else whole, *node.inputs)
    for output in source.graph.outputs:
        graph.end(output.name, output.node, output.scale, output.offset)
    assert changed
    return replace(source, graph=graph)


def flipped_weight(op: Op) -> Op | None:
    if not isinstance(op, Linear):
        return None
    weights = op.weights.copy()
    place = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    weights[place] = -weights[place]
    return replace(op, weights=weights)


def other_padding(op: Op) -> Op | None:
    return replace(op, fill=7) if isinstance(op, Window) and op.padded else None


def swapped_channels(op: Op) -> Op | None:
    if not isinstance(op, Linear):
        return None
    return replace(op, weights=op.weights[:, ::-1])


def moved_threshold(op: Op) -> Op | None:
    """Every code comes one value too late: which happens on some element of any image."""
    return replace(op, table=op.table + 1) if isinstance(op, Threshold) else None


@pytest.mark.parametrize("change", [flipped_weight, other_padding, swapped_channels, moved_threshold])
def test_broken_copies_answer_otherwise(change: Callable[[Op], Op | None], resnet8: Resnet8) -> None:
    broken = rebuilt(resnet8.source, change)
    assert not np.array_equal(answers(broken, resnet8.feeds)[resnet8.name], resnet8.wanted)


def test_nothing_is_turned_or_picked_in_a_network_that_does_neither(resnet8: Resnet8) -> None:
    assert not any(isinstance(node.op, Select | Transpose) for node in resnet8.source.graph)
