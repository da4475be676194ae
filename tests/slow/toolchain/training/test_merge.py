"""Merging normalisation keeps the integer weights, the place where activations turn on, and exact arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brevitas import nn as qnn
from torch import nn

from models.cqmlp.model import build, merge, restore
from models.cqmlp.settings import NetworkSettings
from toolchain.training.inputs import Signature
from toolchain.training.loop import logits_of, set_up
from toolchain.training.merge import merge_normalisation
from toolchain.training.quantisers import WEIGHT_STEP, input_quantiser, weight_quantiser
from toolchain.training.state import load_state, save_state


@pytest.fixture
def pair() -> tuple[qnn.QuantLinear, nn.BatchNorm1d]:
    set_up(1)
    layer = qnn.QuantLinear(12, 6, bias=False, weight_quant=weight_quantiser(2))
    nn.init.uniform_(layer.weight, -WEIGHT_STEP, WEIGHT_STEP)
    norm = nn.BatchNorm1d(6)
    norm.weight.data = torch.tensor([1.0, -1.3, 0.4, 2.0, -0.2, 0.7])
    norm.running_mean = torch.linspace(-0.5, 0.5, 6)
    norm.running_var = torch.linspace(0.1, 3.0, 6)
    norm.bias.data = torch.linspace(1.0, -1.0, 6)
    return layer, norm.eval()


def test_scales_are_powers_of_two_and_integers_stay(pair: tuple[qnn.QuantLinear, nn.BatchNorm1d]) -> None:
    layer, norm = pair
    merged = merge_normalisation(layer, norm, 2)
    scale = merged.quant_weight().scale.reshape(-1)
    assert torch.equal(scale, torch.exp2(torch.log2(scale).round()))
    before = layer.quant_weight().value / WEIGHT_STEP
    after = merged.quant_weight().value / scale.reshape(-1, 1)
    sign = torch.where(norm.weight < 0, -1.0, 1.0).reshape(-1, 1)
    assert torch.equal(after, before * sign)


def test_activations_turn_on_at_the_same_accumulator(pair: tuple[qnn.QuantLinear, nn.BatchNorm1d]) -> None:
    layer, norm = pair
    merged = merge_normalisation(layer, norm, 2)
    quantise = qnn.QuantIdentity(act_quant=input_quantiser("UINT2"), return_quant_tensor=True).eval()
    x = quantise(torch.randint(0, 4, (500, 12), generator=torch.Generator().manual_seed(2)).float())
    merged.eval()
    expected, got = norm(layer.eval()(x)), merged(x).value
    # The bias moves to the accumulator's grid, by half a unit at most.
    unit = WEIGHT_STEP * (norm.weight / torch.sqrt(norm.running_var + norm.eps)).abs()
    clear = expected.abs() > unit / 2
    assert bool(clear.any())
    assert torch.equal((got > 0)[clear], (expected > 0)[clear])


@pytest.mark.parametrize("groups", [1, 2])
def test_a_convolution_is_merged_as_a_dense_layer_is(groups: int) -> None:
    set_up(1)
    geometry = {"stride": 2, "padding": 1, "groups": groups}
    layer = qnn.QuantConv2d(4, 6, (3, 2), bias=False, weight_quant=weight_quantiser(3), **geometry)
    nn.init.uniform_(layer.weight, -3 * WEIGHT_STEP, 3 * WEIGHT_STEP)
    norm = nn.BatchNorm2d(6)
    norm.weight.data = torch.tensor([1.0, -1.3, 0.4, 2.0, -0.2, 0.7])
    norm.running_var, norm.bias.data = torch.linspace(0.1, 3.0, 6), torch.linspace(1.0, -1.0, 6)
    merged = merge_normalisation(layer.eval(), norm.eval(), 3).eval()
    quantise = qnn.QuantIdentity(act_quant=input_quantiser("UINT2"), return_quant_tensor=True).eval()
    x = quantise(torch.randint(0, 4, (40, 4, 9, 8), generator=torch.Generator().manual_seed(2)).float())
    expected, got = norm(layer(x)), merged(x).value
    unit = WEIGHT_STEP * (norm.weight / torch.sqrt(norm.running_var + norm.eps)).abs().reshape(-1, 1, 1)
    clear = expected.abs() > unit / 2
    assert got.shape == expected.shape
    assert bool(clear.any())
    assert torch.equal((got > 0)[clear], (expected > 0)[clear])


def test_saved_network_answers_the_same(tmp_path) -> None:
    settings, signature = NetworkSettings(hidden=(9, 7)), Signature((10,), "UINT8", 3)
    set_up(4)
    network = merge(build(settings, signature).eval(), settings)
    x = np.random.default_rng(0).integers(0, 256, (100, 10)).astype(np.uint8)
    save_state(network, tmp_path / "a.npz")
    save_state(network, tmp_path / "b.npz")
    again = restore(settings, signature, load_state(tmp_path / "a.npz"))
    assert np.array_equal(logits_of(network, x), logits_of(again, x))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
