"""The search for a folding finds what trying everything finds, and says what is best where the rate is out of reach."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from toolchain.errors import ConfigError, FitError
from toolchain.finn import folding
from toolchain.finn.folding import Choice, Option, choose, within

CAPACITY = (900.0, 1000.0, 20.0, 30.0)


def random_layers(seed: int) -> list[list[Option]]:
    """Three layers whose faster options cost more, each in one resource or another."""
    generator = np.random.default_rng(seed)
    layers = []
    for _ in range(3):
        cycles = generator.integers(1, 200, 7)
        costs = generator.integers(1, 9, (7, 4)) * np.array([400, 400, 8, 12]) // cycles[:, None] ** 0.5
        pairs = zip(cycles, costs.tolist(), strict=True)
        layers.append([Option(1, 1, "block", int(count), tuple(cost)) for count, cost in pairs])
    return layers


def everything(layers: list[list[Option]]) -> list[Choice]:
    found = []
    for options in product(*layers):
        cost = tuple(float(v) for v in np.sum([option.cost for option in options], axis=0))
        if all(used <= have for used, have in zip(cost, CAPACITY, strict=True)):
            found.append(Choice(options, max(option.cycles for option in options), cost))
    return found


def share(choice: Choice) -> float:
    return max(used / have for used, have in zip(choice.cost, CAPACITY, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_fastest_is_the_fastest_that_fits(seed: int) -> None:
    layers = random_layers(seed)
    fitting = everything(layers)
    if not fitting:
        with pytest.raises(FitError, match="even the slowest folding"):
            choose(layers, CAPACITY, 1e8, None)
        return
    assert choose(layers, CAPACITY, 1e8, None).cycles == min(choice.cycles for choice in fitting)


@pytest.mark.parametrize("seed", range(12))
def test_within_is_the_least_share(seed: int) -> None:
    layers = random_layers(seed)
    fitting = [choice for choice in everything(layers) if choice.cycles <= 100]
    found = within(layers, 100, CAPACITY)
    assert (found is None) == (not fitting)
    if found is not None:
        assert share(found) == pytest.approx(min(map(share, fitting)))


@pytest.mark.parametrize("seed", range(12))
def test_many_layers_come_near_the_least_share(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [options for part in range(2) for options in random_layers(seed + 100 * part)][:5]
    exact = within(layers, 100, CAPACITY)
    monkeypatch.setattr(folding, "_MOST_EXACT", 4)
    found = within(layers, 100, CAPACITY)
    if exact is None or found is None:
        assert found is None
        assert exact is None or share(exact) > 0.9
    else:
        assert share(exact) <= share(found) <= 1.1 * share(exact)
        assert found.cycles == max(option.cycles for option in found.options) <= 100


def test_twenty_layers_take_no_longer_than_they_should() -> None:
    layers = [options for part in range(7) for options in random_layers(part)]
    choice = choose(layers, tuple(8 * value for value in CAPACITY), 1e8, None)
    assert len(choice.options) == 21


LAYERS = [[Option(1, 1, "block", 100, (10.0, 0, 0, 0)), Option(2, 1, "block", 50, (20.0, 0, 0, 0))]]


def test_rate_is_reached_with_no_more_than_it_needs() -> None:
    assert choose(LAYERS, CAPACITY, 1e8, 1e6).cycles == 100
    assert choose(LAYERS, CAPACITY, 1e8, 1e6 + 1).cycles == 50


def test_rate_out_of_reach_names_the_best() -> None:
    with pytest.raises(FitError, match=r"2\.1e\+06 inferences/s .* best that fits is 2,000,000 .* \(50 cycles"):
        choose(LAYERS, CAPACITY, 1e8, 2.1e6)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_impossible_rates(rate: float) -> None:
    with pytest.raises(ConfigError, match="the rate must be above 0"):
        choose(LAYERS, CAPACITY, 1e8, rate)
