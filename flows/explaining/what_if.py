"""What a faster folding costs, what a smaller one saves, and what more of one resource would buy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from flows.explaining.ways import NOTHING, Candidate, Counts, LayerWay, Ways
from hls.fitting import least
from toolchain.results.explained import Bought, Change, Limit, OneMore, Way

_LABELS = {"lut": "LUT", "bram": "block RAMs", "dsp": "multipliers"}
_RESOURCES: tuple[Bought, ...] = ("lut", "bram", "dsp")
_Name = Literal["as built", "next faster", "twice as fast", "fastest that fits", "next smaller", "smallest"]
# Of the slower foldings so many are tried for one that is smaller.
_TRIES = 8


@dataclass(frozen=True)
class WhatIf:
    """Questions to the search of a build.

    Attributes:
        room: what a design may use of the board.
        hertz: the clock of the build.
    """

    ways: Ways
    room: Counts
    hertz: float

    def limits(self) -> tuple[Limit, ...]:
        """The layer that takes the most clocks, and of each resource the one that takes the most of it."""
        layers, taken = self.ways.taken.layers, self.ways.taken
        slowest = max(layers, key=lambda layer: layer.cycles)
        found = [_limit("rate", slowest, slowest.cycles, taken.interval)]
        for what in _RESOURCES:
            largest = max(layers, key=lambda layer: layer.use[what])
            if largest.use[what]:
                whole = sum(layer.use[what] for layer in layers)
                found.append(_limit(what, largest, largest.use[what], whole))
        return tuple(found)

    @property
    def is_bound_by_the_board(self) -> bool:
        """Whether a faster folding needs more than the board has."""
        return self._faster is None and self._beyond is not None

    @property
    def has_faster(self) -> bool:
        """Whether any folding is faster."""
        return self._faster is not None or self._beyond is not None

    def points(self) -> tuple[Way, ...]:
        """The foldings beside the one that was taken, by their clocks; equal ones are told once."""
        found: list[Way] = []
        for way in self._points():
            if all(way.interval != other.interval for other in found):
                found.append(way)
        return tuple(found)

    def one_more(self) -> tuple[OneMore, ...]:
        """Of each resource the fewest more, found by halving, with which a faster folding fits; () where one fits."""
        if not self.is_bound_by_the_board:
            return ()
        return tuple(self._more(resource) for resource in _RESOURCES if self.room[resource])

    def _points(self) -> Iterator[Way]:
        taken = self.ways.taken
        yield self._way("as built", taken)
        if (near := self._faster or self._beyond) is not None:
            yield self._way("next faster", near)
        if (twice := self.ways.within(taken.interval // 2)) is not None:
            yield self._way("twice as fast", twice)
        if (fastest := self.ways.within(None)) is not None and fastest.interval < taken.interval:
            yield self._way("fastest that fits", fastest)
        yield from self._smaller()

    def _smaller(self) -> Iterator[Way]:
        slower, lut = self.ways.slower, self.ways.taken.chip.lut
        for step in slower[:_TRIES]:
            found = self.ways.within(step)
            if found is not None and found.chip.lut < lut:
                yield self._way("next smaller", found)
                break
        if slower and (last := self.ways.within(slower[-1])) is not None and last.chip.lut < lut:
            yield self._way("smallest", last)

    @cached_property
    def _faster(self) -> Candidate | None:
        return self.ways.within(self._below)

    @cached_property
    def _beyond(self) -> Candidate | None:
        """The next faster one on a board with as much again of all."""
        return self.ways.within(self._below, self.room)

    @cached_property
    def _below(self) -> int:
        """Fewer clocks than the slowest layer takes."""
        return min(self.ways.taken.interval, max(layer.cycles for layer in self.ways.taken.layers)) - 1

    def _more(self, resource: Bought) -> OneMore:
        def bought(count: int) -> tuple[int, Candidate] | None:
            found = self.ways.within(self._below, {**NOTHING, resource: count})
            return None if found is None else (count, found)

        fewest = least(range(1, self.room[resource] + 1), bought)
        if fewest is None:
            return OneMore(resource=resource, count=None)
        count, found = fewest
        return OneMore(resource=resource, count=count, interval=found.interval, fps=self._fps(found.interval))

    def _way(self, name: _Name, found: Candidate) -> Way:
        return Way(
            name=name,
            interval=found.interval,
            fps=self._fps(found.interval),
            chip=found.chip,
            changes=() if name == "as built" else _changes(self.ways.taken, found),
            lacks="" if name == "as built" else self._lacks(found),
        )

    def _fps(self, interval: int) -> float:
        return round(self.hertz / interval, 1)

    def _lacks(self, found: Candidate) -> str:
        short = {what: getattr(found.chip, what) - self.room[what] for what in _RESOURCES}
        return " and ".join(f"{count:,} {_LABELS[what]}" for what, count in short.items() if count > 0)


def _limit(what: Literal["rate", "lut", "bram", "dsp"], layer: LayerWay, value: int, of: int) -> Limit:
    return Limit(what=what, layer=layer.name, option=layer.option, value=value, of=of, kind="estimated")


def _changes(taken: Candidate, found: Candidate) -> tuple[Change, ...]:
    before = {layer.name: layer.option for layer in taken.layers}
    return tuple(
        Change(layer=layer.name, before=before.get(layer.name, ""), after=layer.option)
        for layer in found.layers
        if layer.option != before.get(layer.name)
    )
