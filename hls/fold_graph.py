"""Folding over a graph: one option for each stage, for a rate on a device.

Every stage must keep the interval; of the options that do, those are taken that need the fewest LUTs in all with the
multipliers that there are. A block RAM has a price in LUTs, which is raised until they suffice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from hls.cost import BlockRam
from hls.fitting import NAMES, largest_layer, least, shortage
from hls.knapsack import least_cost
from hls.memories import Resources, resources_of
from hls.shared_roms import resources_in_halves
from hls.units.stage import Option, Stage
from toolchain.errors import FitError, TooLargeError

# LUTs that a block RAM is worth: all are tried. What does not fit is told by the smallest, multipliers priced, too.
_BLOCK_PRICES = (0.0, 10.0, 30.0, 60.0, 100.0, 200.0, 300.0, 600.0, 1000.0, 3000.0, 1e5)
_DSP_PRICES = (0.0, 30.0, 80.0, 200.0, 500.0, 1e5)
# What a large RAM is worth where the search is not for as many as there are: weights are loaded where it must be only.
_LARGE_PRICE = 1e6


@dataclass(frozen=True)
class Sized:
    """An option, and what it takes of the device."""

    option: Option
    resources: Resources


@dataclass(frozen=True)
class Folded:
    """A chosen option for each stage, by its tensor.

    Attributes:
        interval: clocks between inferences: those of the slowest stage.
        resources: estimated, of all stages.
    """

    chosen: Mapping[str, Sized]
    interval: int
    resources: Resources

    @property
    def options(self) -> dict[str, Option]:
        """The options alone."""
        return {tensor: sized.option for tensor, sized in self.chosen.items()}


def fold(
    stages: Sequence[Stage],
    limits: Resources,
    interval: int | None,
    block: BlockRam,
    *,
    strict: bool = True,
    shares: bool = False,
) -> Folded:
    """The least LUTs that keep `interval`; with None the fastest that fits.

    Args:
        limits: what all stages together may take.
        block: the device's block RAM.
        strict: whether an interval out of reach is an error; else it gives the fastest that fits.
        shares: estimate all of them together as if each ROM shared its block RAMs with another of its size.

    Raises:
        TooLargeError: nothing fits; by how much, and which stage is largest.
        FitError: the interval is out of reach; tells the best.
    """
    search = _SharingSearch(stages, limits, block) if shares else _Search(stages, limits, block)
    found = None if interval is None else search.within(interval)
    if found is None:
        best = search.fastest()
        if interval is None or not strict:
            return search.whole(best)
        raise FitError(
            f"{interval} clocks an inference are out of reach; the best that fits is {best.interval} (estimated "
            f"{round(best.resources.lut)} LUT, {best.resources.dsp} multipliers); the slowest is {_slowest(best)}"
        )
    return search.whole(found)


def _slowest(folded: Folded) -> str:
    tensor = max(folded.options, key=lambda name: folded.options[name].cycles)
    return f"{tensor} ({folded.options[tensor].name})"


class _Search:
    def __init__(self, stages: Sequence[Stage], limits: Resources, block: BlockRam) -> None:
        self._limits, self._block = limits, block
        self._stages = {s.tensor: [Sized(o, self._sized(o)) for o in s.options] for s in stages}
        self._loads = any(sized.resources.one_port for options in self._stages.values() for sized in options)

    def _sized(self, option: Option) -> Resources:
        """What an option takes, in the search's own measure."""
        return resources_of(option.needs, self._block)

    def whole(self, folded: Folded) -> Folded:
        """What was found, in the measure of all others."""
        return folded

    def within(self, interval: int) -> Folded | None:
        """The least LUTs that keep the interval and fit; None where nothing does."""
        options = self._in_time(interval)
        if options is None:
            return None
        by_dsp = [self._packed(options, "dsp", 0.0, price) for price in _BLOCK_PRICES]
        # A price turns all stages alike; where it leaves block RAMs unused, those are shared out instead.
        by_block = [self._packed(options, "blocks", price, 0.0) for price in _DSP_PRICES]
        by_large = self._loaded(options) if self._loads else []
        found = by_dsp + by_block + by_large
        fitting = (folded for folded in found if folded and not over(folded.resources, self._limits))
        return min(fitting, key=_luts, default=None)

    def _loaded(self, options: Mapping[str, list[Sized]]) -> list[Folded | None]:
        """Weights in as many large RAMs as there are, at all prices of the rest."""
        prices = itertools.product(_DSP_PRICES, _BLOCK_PRICES)
        return [self._packed(options, "one_port", dsp, block) for dsp, block in prices]

    def _in_time(self, interval: int) -> dict[str, list[Sized]] | None:
        """For each stage its options that keep the interval; None where a stage has none."""
        options = {name: [o for o in some if o.option.cycles <= interval] for name, some in self._stages.items()}
        return options if all(options.values()) else None

    def _packed(
        self, options: Mapping[str, list[Sized]], what: Literal["dsp", "blocks", "one_port"], dsp: float, block: float
    ) -> Folded | None:
        """The least LUTs with what there is of multipliers, block RAMs or large RAMs, where the others cost so many."""
        large = 0.0 if what == "one_port" else _LARGE_PRICE
        rows = [
            [(_price(sized, dsp, block, large), getattr(sized.resources, what)) for sized in some]
            for some in options.values()
        ]
        places = least_cost(rows, int(getattr(self._limits, what)))
        if places is None:
            return None
        return _folded({name: options[name][place] for name, place in zip(options, places, strict=True)})

    def fastest(self) -> Folded:
        """The folding of the least interval that fits, by bisection over all intervals that there are."""
        steps = sorted({sized.option.cycles for options in self._stages.values() for sized in options})
        best = least(steps, self.within)
        if best is None:
            raise TooLargeError(self._too_large())
        return best

    def _candidates(self) -> Iterable[Folded]:
        """The smallest foldings, whatever their interval."""
        for dsp in _DSP_PRICES:
            for block in _BLOCK_PRICES:
                for large in (0.0, _LARGE_PRICE) if self._loads else (0.0,):
                    yield _folded({name: cheapest(some, dsp, block, large) for name, some in self._stages.items()})

    def _too_large(self) -> str:
        smallest = min(self._candidates(), key=self._excess)
        return (
            "the network does not fit: even the smallest folding needs an estimated "
            f"{over(smallest.resources, self._limits)}; {largest(smallest, self._limits)}"
        )

    def _excess(self, folded: Folded) -> float:
        return max(need / max(have, 1) for need, have in _pairs(folded.resources, self._limits))


class _SharingSearch(_Search):
    """Counts block RAMs in halves, those of a ROM as if another one shared them."""

    def __init__(self, stages: Sequence[Stage], limits: Resources, block: BlockRam) -> None:
        super().__init__(stages, replace(limits, blocks=2 * limits.blocks), block)

    def _sized(self, option: Option) -> Resources:
        return resources_in_halves(option.needs, self._block)

    def whole(self, folded: Folded) -> Folded:
        together = replace(folded.resources, blocks=-(-folded.resources.blocks // 2))
        alone = {name: Sized(o, resources_of(o.needs, self._block)) for name, o in folded.options.items()}
        return Folded(alone, folded.interval, together)


def cheapest(options: Iterable[Sized], dsp: float, block: float, large: float = 0.0) -> Sized:
    """The option of the least price, the one with fewer clocks of equal ones."""
    return min(options, key=lambda sized: (_price(sized, dsp, block, large), sized.option.cycles))


def _price(sized: Sized, dsp: float, block: float, large: float) -> float:
    it = sized.resources
    return it.lut + 0.1 * it.ff + dsp * it.dsp + block * it.blocks + large * it.one_port


def _folded(chosen: Mapping[str, Sized]) -> Folded:
    resources = sum((sized.resources for sized in chosen.values()), Resources())
    return Folded(chosen, max(sized.option.cycles for sized in chosen.values()), resources)


def _luts(folded: Folded) -> tuple[float, int, int]:
    return folded.resources.lut, folded.resources.one_port, folded.resources.blocks


def _values(resources: Resources) -> list[float]:
    return [getattr(resources, field.name) for field in fields(Resources)]


def _pairs(need: Resources, have: Resources) -> list[tuple[float, float]]:
    return list(zip(_values(need), _values(have), strict=True))


def largest(folded: Folded, limits: Resources) -> str:
    """The stage that takes the most of what is scarcest, in words."""
    shares = {name: getattr(folded.resources, name) / max(getattr(limits, name), 1) for name in NAMES}
    return largest_layer({tensor: sized.resources for tensor, sized in folded.chosen.items()}, shares)


def over(need: Resources, have: Resources) -> str:
    """What is not enough, and by how much; empty where all is."""
    names = [NAMES[field.name] for field in fields(Resources)]
    return " and ".join(shortage(name, n, h) for name, (n, h) in zip(names, _pairs(need, have), strict=True) if n > h)
