"""Chains of dense layers give the same network as streamlining them one by one: weights, thresholds, types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.conftest import Exported
from tests.fast.toolchain.graph.readers.qonnx.models import SHARED
from tests.fast.toolchain.graph.small_models import CHAIN, FIRST, LAST, node, quant, raw, tidied
from toolchain.graph.model_file import load_model
from toolchain.graph.ops import Linear, Threshold
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.streamline import streamline
from toolchain.graph.types import IntType


def same_network(model: ModelWrapper) -> None:
    layers = streamline(model)
    source = read_qonnx(model)
    graph = source.graph
    kind = graph.types[graph.sole_input]
    told = IntType.of(layers.input_type)
    # A narrow quantiser's least value is known here to be one more than its type's.
    assert (kind.element.high, kind.element.step) == (told.high, told.step)
    assert kind.element.low in (told.low, told.low + 1)
    linear = [n for n in graph if isinstance(n.op, Linear)]
    thresholds = [n for n in graph if isinstance(n.op, Threshold)]
    assert len(linear) == len(layers.layers)
    for ours, theirs in zip(linear, layers.layers, strict=True):
        assert isinstance(ours.op, Linear)
        assert (ours.name, ours.op.weights.tolist()) == (theirs.name, theirs.weights.tolist())
    for ours, theirs in zip(thresholds, layers.layers[:-1], strict=True):
        assert isinstance(ours.op, Threshold)
        assert theirs.thresholds is not None
        x = graph.types[ours.inputs[0]]
        # One row for all channels stands for itself within each channel's range.
        table = np.clip(ours.op.table, x.low[:, None], x.high[:, None] + 1)
        assert np.array_equal(table, np.clip(theirs.thresholds, x.low[:, None], x.high[:, None] + 1))
        assert (ours.op.step, ours.op.least) == (theirs.out_scale, theirs.out_bias)


def test_exported_networks(exported: Exported) -> None:
    same_network(exported.model)


def test_exported_networks_say_the_same_logits(exported: Exported) -> None:
    source, network = read_qonnx(exported.model), streamline(exported.model)
    (output,) = source.graph.outputs
    assert source.front is None
    assert (output.scale, output.offset) == (network.logit_scale, network.logit_offset)


@pytest.mark.parametrize("mode", ["ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN"])
def test_small_chains(mode: str, tmp_path: Path) -> None:
    same_network(tidied(raw([FIRST, quant("a", "q", signed=1, rounding_mode=mode), LAST]), tmp_path))
    same_network(tidied(raw(CHAIN, {"s": 1.5}), tmp_path))
    nodes = [FIRST, node("Relu", ["a"], "r"), node("Add", ["r", "a"], "t"), quant("t", "q"), LAST]
    same_network(tidied(raw(nodes), tmp_path))


@pytest.mark.parametrize("name", ["TFC_1W1A", "TFC_1W2A", "TFC_2W2A", "kwsmlp_w3a3"])
def test_zoo(name: str) -> None:
    path = SHARED / f"qonnx-model-zoo/{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    same_network(load_model(path))
