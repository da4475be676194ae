"""Deliberately broken copies are caught where they enter, and the first input and layer are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.conftest import Exported
from toolchain.errors import VerificationError
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.export import Golden
from toolchain.graph.ops import Threshold
from toolchain.graph.streamline import streamline
from toolchain.graph.verify import verify_export, verify_integer


def golden_of(exported: Exported) -> Golden:
    return Golden(exported.x, exported.logits, np.zeros(len(exported.x), np.uint8))


def test_sound_copies_pass_in_full(exported: Exported) -> None:
    golden = golden_of(exported)
    assert verify_export(exported.network, exported.model, golden).equal == len(exported.x)
    assert verify_integer(streamline(exported.model), exported.model, golden).equal == len(exported.x)


def flip_weight(model: ModelWrapper) -> None:
    gemm = next(n for n in model.graph.node if n.op_type == "Gemm")
    name = model.find_producer(gemm.input[1]).input[0]
    weights = model.get_initializer(name).copy()
    weights[0, int(np.abs(weights[0]).argmax())] *= -1
    model.set_initializer(name, weights)


def test_flipped_weight_is_caught_at_export(exported: Exported) -> None:
    model = exported.model
    flip_weight(model)
    with pytest.raises(VerificationError, match=r"export: .* the first is input \d+, layer 1, element 0"):
        verify_export(exported.network, model, golden_of(exported))


def broken(network: DenseNetwork, index: int, **changes: object) -> DenseNetwork:
    layers = list(network.layers)
    layers[index] = replace(layers[index], **changes)  # type: ignore[arg-type]
    return network_of(layers, network.logit_scale, network.logit_offset)


def busiest_neuron(layer: DenseLayer, x: np.ndarray) -> int:
    return int(Threshold(layer.thresholds).run(x.astype(np.int64) @ layer.weights).std(axis=0).argmax())


def test_flipped_integer_weight_is_caught(exported: Exported) -> None:
    network = streamline(exported.model)
    weights = network.layers[0].weights.copy()
    neuron = busiest_neuron(network.layers[0], exported.x)
    weights[np.abs(weights[:, neuron]).argmax(), neuron] *= -1
    with pytest.raises(VerificationError, match=r"streamline: .* layer Gemm_0, element"):
        verify_integer(broken(network, 0, weights=weights), exported.model, golden_of(exported))


def test_off_by_one_threshold_is_caught(exported: Exported) -> None:
    network = streamline(exported.model)
    layer = network.layers[1]
    assert layer.thresholds is not None
    with pytest.raises(VerificationError, match=r"layer Gemm_1, element"):
        verify_integer(broken(network, 1, thresholds=layer.thresholds + 1), exported.model, golden_of(exported))


def test_swapped_inputs_are_caught(exported: Exported) -> None:
    network = streamline(exported.model)
    weights = network.layers[0].weights.copy()
    weights[[0, 1]] = weights[[1, 0]]
    with pytest.raises(VerificationError, match="streamline"):
        verify_integer(broken(network, 0, weights=weights), exported.model, golden_of(exported))


def test_altered_golden_logits_are_caught(exported: Exported) -> None:
    golden = golden_of(exported)
    logits = golden.logits.copy()
    logits[17, 0] += 0.125
    with pytest.raises(VerificationError, match="the first is input 17"):
        verify_integer(streamline(exported.model), exported.model, replace(golden, logits=logits))


def test_golden_round_trip_and_same_bytes(exported: Exported, tmp_path: Path) -> None:
    golden = golden_of(exported)
    golden.save(tmp_path / "a.npz")
    golden.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert np.array_equal(Golden.load(tmp_path / "a.npz").logits, golden.logits)
