"""What a LUT costs in training: the soft cost follows the weights, and its weight in the loss rises late."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from brevitas import nn as qnn
from torch import nn

from toolchain.training.blocks import dense, entry, scores
from toolchain.training.inputs import Signature
from toolchain.training.loop import cross_entropy
from toolchain.training.lut_cost import costed_layers, rising, soft_cost, with_lut_cost
from toolchain.training.quantisers import weight_quantiser
from toolchain.training.recipe import LutCostSettings

SIGNATURE = Signature((3,), "BINARY", 2)


def _layer(values: list[list[float]]) -> qnn.QuantLinear:
    """Ternary weights in steps of a half."""
    layer = qnn.QuantLinear(3, len(values), bias=False, weight_quant=weight_quantiser(2, 0.5))
    layer.weight.data = torch.tensor(values) / 2
    return layer


def test_a_weight_costs_an_adder_as_wide_as_its_input() -> None:
    network = nn.Sequential(entry(SIGNATURE), dense(3, 4, 2, 2), scores(4, SIGNATURE, 2))
    assert [each.weight_cost for each in costed_layers(network, SIGNATURE)] == [2.0, 3.0]


def test_soft_cost_counts_what_is_exported_and_the_half_step_in_part() -> None:
    layers = costed_layers(_layer([[1, 0, -1], [0, 0, 0.5]]), SIGNATURE)
    assert layers[0].whole.tolist()[0] == [1, 0, -1]
    assert soft_cost(layers).item() == pytest.approx(2 * 2.5, abs=0.3)


def test_the_cost_pulls_weights_to_zero() -> None:
    layer = _layer([[0.9, -0.7, 0.6]])
    soft_cost(costed_layers(layer, SIGNATURE)).backward()
    assert torch.sign(layer.weight.grad).tolist() == [[1, -1, 1]]


def test_the_weight_rises_late_and_stays() -> None:
    weights = rising(LutCostSettings(weight=0.5, starts=0.5), 4)
    assert list(islice(weights, 6)) == [0, 0, 0.25, 0.5, 0.5, 0.5]


def test_the_loss_has_the_cost_at_the_weight_of_each_batch() -> None:
    layer, draw = _layer([[1, 0, 0], [0, 1, 1]]), torch.Generator()
    x, y = torch.ones(4, 3), torch.zeros(4, dtype=torch.int64)
    costly = with_lut_cost(cross_entropy, SIGNATURE, iter([0.0, 0.5]))
    plain = cross_entropy(layer, x, y, draw)
    cost = soft_cost(costed_layers(layer, SIGNATURE))
    assert torch.equal(costly(layer, x, y, draw), plain)
    assert costly(layer, x, y, draw).item() == pytest.approx((plain + 0.5 * cost).item())
