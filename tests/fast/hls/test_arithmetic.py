from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hls.arithmetic import WeightKind, analyse, input_codes, signed_bits, unsigned_bits
from tests.fast.hls.dead import ACTIVATIONS, dead_network
from tests.fast.hls.networks import Shape, random_inputs, random_network
from toolchain.errors import ModelError
from toolchain.graph.dense import DenseNetwork

SHAPES = [
    Shape("BINARY", 12, (8, 6, 5)),
    Shape("UINT8", 6, (8, 4)),
    Shape("INT4", 6, (6, 3), "int4", 7),
    Shape("BIPOLAR", 9, (8, 3), "bipolar", 0),
    Shape("BINARY", 10, (8, 3), "bipolar", 2),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_clamped_thresholds_on_hardware_sums_give_the_executors_activations(shape: Shape) -> None:
    holds_on_hardware_sums(random_network(shape, seed=3))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dead_neurons_give_the_executors_activations(name: str) -> None:
    for seed in range(3):
        holds_on_hardware_sums(dead_network(ACTIVATIONS[name], seed))


def holds_on_hardware_sums(network: DenseNetwork) -> None:
    x = random_inputs(network, 300, seed=4)
    execution = network.run(x)
    values = x
    for plan, expected in zip(analyse(network), execution.layers, strict=True):
        sums = _hardware_sums(plan, (values - plan.inputs.offset) // plan.inputs.scale)
        assert sums.min() >= 0 or plan.thresholds is None
        assert plan.thresholds is None or sums.max() < 1 << plan.accumulator_bits
        assert (_result(plan, sums) == expected).all()
        values = expected


def _hardware_sums(plan, codes):  # type: ignore[no-untyped-def]
    if plan.kind is WeightKind.INTEGER:
        return codes @ plan.layer.weights + plan.initial
    inverted = (1 << plan.inputs.bits) - 1 - codes
    return codes @ (plan.layer.weights > 0) + inverted @ (plan.layer.weights < 0)


def _result(plan, sums):  # type: ignore[no-untyped-def]
    if plan.thresholds is None:
        return plan.scale * sums + (0 if plan.bias is None else plan.bias)
    counts = (sums[:, :, None] >= plan.thresholds).sum(2)
    assert plan.thresholds.max() < 1 << plan.threshold_bits
    return plan.outputs.scale * counts + plan.outputs.offset


def test_widths_are_tight() -> None:
    assert [unsigned_bits(v) for v in (0, 1, 3, 4)] == [1, 1, 2, 3]
    assert [signed_bits(*r) for r in ((0, 0), (-1, 0), (-4, 3), (-5, 3), (0, 4))] == [1, 1, 3, 4, 4]


def test_threshold_outside_the_range_is_never_or_always_reached() -> None:
    network = random_network(Shape("BINARY", 4, (2, 2)), seed=0)
    layer = replace(network.layers[0], thresholds=np.array([[-99, 99], [-99, 99]]), output_type="UINT2")
    plan = analyse(replace(network, layers=(layer, network.layers[1])))[0]
    terms = np.abs(layer.weights).sum(0)
    assert plan.thresholds is not None
    assert (plan.thresholds == np.stack([0 * terms, terms + 1], axis=1)).all()


def test_signed_input_travels_in_offset_binary() -> None:
    assert (input_codes("INT4").offset, input_codes("INT4").largest) == (-8, 15)


def test_layer_the_hardware_cannot_compute_is_named() -> None:
    network = random_network(Shape("BINARY", 4, (4, 2)), seed=0)
    negative = replace(network.layers[0], out_scale=-1)
    with pytest.raises(ModelError, match="fc0: out_scale -1"):
        analyse(replace(network, layers=(negative, network.layers[1])))
    with pytest.raises(ModelError, match="fc0: every layer but the last needs thresholds"):
        analyse(replace(network, layers=(replace(network.layers[0], thresholds=None), network.layers[1])))
