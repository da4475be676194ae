"""The choice of a folding: a search over every parallelism that FINN's layers take, for a rate on a device.

A layer is a matrix product with its thresholds, which take as many values a cycle as the product yields, and with the
windows before it. Its folding does not bear on its neighbours' (FINN puts width converters between them), so a choice
is one option a layer. The design's interval is the slowest layer's; its cost is the sum. The search is exact for a few
layers; of more, each takes what is cheapest at prices of the resources that rise where they are scarce. FINN's own
`SetFolding` widens the inputs first and, where the rate is out of reach, goes on with the best it found; this search
keeps to what fits and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np

from toolchain.errors import ConfigError, FitError

T = TypeVar("T")

# Sums of costs that no other beats grow with every layer, beyond what can be searched for more layers than these.
_MOST_EXACT = 5
_ROUNDS = 200
Cost = tuple[float, ...]
"""What is used of each resource, in the order of `RESOURCES`."""

RESOURCES = ("lut", "ff", "bram", "dsp")


@dataclass(frozen=True)
class Option:
    """One way to fold a layer.

    Attributes:
        pe, simd: outputs and inputs that work in parallel.
        ram_style: memory of the weights, `block` or `distributed`.
        cycles: clock cycles a vector, as FINN estimates them.
    """

    pe: int
    simd: int
    ram_style: str
    cycles: int
    cost: Cost


@dataclass(frozen=True)
class Choice:
    """One option a layer: the slowest layer's cycles and the sum of the costs."""

    options: tuple[Option, ...]
    cycles: int
    cost: Cost


def choose(layers: Sequence[Sequence[Option]], capacity: Cost, clock_hz: float, target_fps: float | None) -> Choice:
    """The choice that reaches the rate with the least share of its scarcest resource; with None the fastest that fits.

    Args:
        layers: every option of every layer.
        capacity: what may be used of each resource, the board's share already taken.

    Raises:
        FitError: nothing fits; or the rate is out of reach, naming the best that fits.
        ConfigError: a rate that is not positive.
    """
    if target_fps is not None and not target_fps > 0:
        raise ConfigError(f"FPS={target_fps}: the rate must be above 0; give a number or FPS=max")
    if target_fps is not None:
        found = within(layers, int(clock_hz / target_fps), capacity)
        if found is not None:
            return found
    fastest = _fastest(layers, capacity)
    if target_fps is None:
        return fastest
    raise FitError(
        f"FINN: {target_fps:g} inferences/s at {clock_hz / 1e6:g} MHz leave {clock_hz / target_fps:.4g} cycles each; "
        f"the best that fits is {clock_hz / fastest.cycles:,.0f} inferences/s ({fastest.cycles} cycles, "
        f"{_words(fastest.cost)}, estimated): lower FPS, shrink the network or take a larger board; "
        "FLOW=dataflow STRATEGY=unrolled may reach it"
    )


def within(layers: Sequence[Sequence[Option]], cycles: int, capacity: Cost) -> Choice | None:
    """The choice of the least share with at most `cycles` cycles a vector; None where none fits."""
    if len(layers) > _MOST_EXACT:
        return _priced(layers, cycles, capacity)
    partial: list[tuple[tuple[Option, ...], Cost]] = [((), (0.0,) * len(capacity))]
    for options in layers:
        quick = [option for option in options if option.cycles <= cycles]
        sums = [((*chosen, option), _add(cost, option.cost)) for chosen, cost in partial for option in _lean(quick)]
        partial = _undominated([item for item in sums if _fits(item[1], capacity)])
    if not partial:
        return None
    options, cost = min(partial, key=lambda item: _share(item[1], capacity))
    return Choice(options, max(option.cycles for option in options), cost)


def _priced(layers: Sequence[Sequence[Option]], cycles: int, capacity: Cost) -> Choice | None:
    """The best choice that prices find, near the least share; None where they find none that fits."""
    quick = [[option for option in options if option.cycles <= cycles] for options in layers]
    if not all(quick):
        return None
    shares = [np.array([_shares(option.cost, capacity) for option in options]) for options in quick]
    prices, found = np.ones(len(capacity)), []
    for _ in range(_ROUNDS):
        picks = tuple(int(np.argmin(share @ prices)) for share in shares)
        used = sum(share[pick] for share, pick in zip(shares, picks, strict=True))
        found.append((used.max(), used.sum(), picks))
        prices *= 0.5 + used / max(used.max(), 1e-9)
        prices /= prices.sum()
    options = tuple(options[pick] for options, pick in zip(quick, min(found)[2], strict=True))
    cost = reduce(_add, (option.cost for option in options))
    if not _fits(cost, capacity):
        return None
    return Choice(options, max(option.cycles for option in options), cost)


def _fastest(layers: Sequence[Sequence[Option]], capacity: Cost) -> Choice:
    steps = sorted({option.cycles for options in layers for option in options})
    best = within(layers, steps[-1], capacity)
    if best is None:
        raise FitError(_too_large(layers, steps[-1], capacity))
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        found = within(layers, steps[middle], capacity)
        if found is None:
            low = middle + 1
        else:
            best, high = found, middle
    return best


def _too_large(layers: Sequence[Sequence[Option]], cycles: int, capacity: Cost) -> str:
    unlimited = within(layers, cycles, (float("inf"),) * len(capacity))
    assert unlimited is not None
    return (
        f"FINN: even the slowest folding needs {_words(unlimited.cost)} (estimated), and the board's share is "
        f"{_words(capacity)}: shrink the network or take a larger board; FLOW=dataflow may fit"
    )


def _words(cost: Cost) -> str:
    return ", ".join(f"{value:,.0f} {name.upper()}" for name, value in zip(RESOURCES, cost, strict=True))


def _add(one: Cost, other: Cost) -> Cost:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _fits(cost: Cost, capacity: Cost) -> bool:
    return all(used <= have for used, have in zip(cost, capacity, strict=True))


def _share(cost: Cost, capacity: Cost) -> tuple[float, float]:
    """Share of the scarcest resource, and the sum of the shares to tell equals apart."""
    shares = _shares(cost, capacity)
    return max(shares), sum(shares)


def _shares(cost: Cost, capacity: Cost) -> list[float]:
    """Share of each resource; what is used of one that is not there counts a thousandfold."""
    return [used / have if have else 1e3 * used for used, have in zip(cost, capacity, strict=True)]


def _lean(options: Iterable[Option]) -> list[Option]:
    return [item[0] for item in _undominated([(option, option.cost) for option in options])]


def _undominated(items: list[tuple[T, Cost]]) -> list[tuple[T, Cost]]:
    """Items that no other beats or equals in every resource; the first of equals stays."""
    kept: list[tuple[T, Cost]] = []
    for item in sorted(items, key=lambda pair: pair[1]):
        if not any(_fits(other[1], item[1]) for other in kept):
            kept.append(item)
    return kept
