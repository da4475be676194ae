"""Bias and step found again from thresholds give the network's own answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fast.toolchain.runtime.networks import KINDS, inputs, network
from toolchain.errors import ModelError
from toolchain.runtime.codes import code_network, fit, run_codes


@pytest.mark.parametrize("name", KINDS)
def test_codes_answer_as_the_network(name: str) -> None:
    net = network(name)
    x = inputs(net)
    assert np.array_equal(run_codes(code_network(net), x), net.run(x).logits)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.powers])
def test_steps_are_powers_of_two_where_the_quantiser_has_them(name: str) -> None:
    for layer in code_network(network(name)).layers:
        assert (np.frexp(layer.step)[0] == 0.5).all()


def test_neurons_that_never_change_are_gone() -> None:
    net = network("binary")
    assert code_network(net).layers[0].weights.shape[1] < net.layers[0].outputs


@pytest.mark.parametrize(
    ("step", "offset", "levels"), [(14.17, 0.3, 7), (3.9, -2.6, 3), (115.0, 57.1, 7), (1.0, 0.0, 255)]
)
def test_fit_holds_for_every_accumulator(step: float, offset: float, levels: int) -> None:
    low, high = -900, 1300
    sums = np.arange(low, high + 1)
    codes = np.clip(np.rint((sums + offset) / step), 0, levels).astype(int)
    thresholds = low + np.searchsorted(codes, np.arange(1, levels + 1))
    grid, found, size = fit(thresholds[None], np.array([low]), np.array([high]), largest=1)
    assert np.array_equal(np.clip(np.rint((grid[0] * sums + found[0]) / size[0]), 0, levels), codes)


def test_uneven_thresholds_are_named() -> None:
    net = network("binary")
    first = net.layers[0]
    assert first.thresholds is not None
    uneven = first.thresholds.copy()
    low, high = first.accumulator_range()
    neuron = int((high - low).argmax())
    uneven[neuron] = [low[neuron] + 1, low[neuron] + 2, high[neuron]]
    with pytest.raises(ModelError, match=f"layer0: neuron {neuron}: no step with a whole bias has its thresholds"):
        code_network(replace(net, layers=(replace(first, thresholds=uneven), *net.layers[1:])))


def test_many_thresholds_are_named_in_one_short_line() -> None:
    net = network("byte codes")
    first = net.layers[0]
    assert first.thresholds is not None
    many = np.sort(np.random.default_rng(0).integers(-900, 900, (first.outputs, 255)), axis=1)
    with pytest.raises(ModelError, match=r"255 in all") as caught:
        code_network(replace(net, layers=(replace(first, thresholds=many), *net.layers[1:])))
    assert len(str(caught.value)) < 200
