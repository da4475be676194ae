"""Ways to fold the network of a build: the one that was taken, and others that the same search finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from flows.stages import files
from flows.stages.context import Context
from flows.stages.rtl.dense_design import chip_of
from flows.stages.rtl.folding import capacity_of
from flows.stages.rtl.graph_design import GraphDesign, limits_of
from flows.stages.rtl.layer_use import of_dense, of_unrolled
from flows.stages.rtl.shell import shell_of
from flows.stages.rtl.unit_folding import use_of
from hls.arithmetic import analyse
from hls.fold import Choice, Search
from hls.graph_core import Fitted
from hls.graph_unrolled import Wish
from hls.memories import Resources
from hls.plan import interval as interval_of
from hls.unrolled import use_of_layers
from toolchain.errors import BuildError, FitError
from toolchain.results.checked import LayerUse
from toolchain.results.facts import FoldFacts
from toolchain.results.facts.hardware import Estimate, Use
from toolchain.results.folding import FoldedUnits, FoldedUse, Folding

Counts = Mapping[str, int]
"""How many of each resource, by `lut`, `bram` and `dsp`."""

NOTHING: Counts = {"lut": 0, "bram": 0, "dsp": 0}


@dataclass(frozen=True)
class LayerWay:
    """How a layer is built: in words, its clocks an inference, and what it is estimated to take."""

    name: str
    option: str
    cycles: int
    use: Counts


@dataclass(frozen=True)
class Candidate:
    """A folding: clocks between inferences, its layers, and what core and host link are estimated to take."""

    interval: int
    layers: tuple[LayerWay, ...]
    chip: Use


class Ways(Protocol):
    """The foldings of one network on one board."""

    @property
    def taken(self) -> Candidate:
        """The one that was built.

        Raises:
            BuildError: the searches find none such any more.
        """

    @property
    def slower(self) -> Sequence[int]:
        """Clocks between inferences that slower ones may have, ascending."""

    def within(self, interval: int | None, more: Counts = NOTHING) -> Candidate | None:
        """The smallest that keeps an interval with so much more than the board has; the fastest that fits with None."""


def ways_of(context: Context) -> Ways:
    """The ways of a build of our own RTL."""
    facts = context.facts("fold", FoldFacts)
    if isinstance(facts.folding, FoldedUnits):
        return UnitWays(context, facts.folding, facts.estimate)
    return DenseWays(context, facts.folding, facts.estimate)


def allowed(context: Context, units: bool) -> Counts:
    """What a design may use of the board."""
    board, link = context.fpga_board, shell_of(context.board).cost
    have, share = board.fpga.resources, board.target.share
    lut = limits_of(context, link, ()).lut + link.lut if units else have.lut * share
    return {"lut": int(lut), "bram": board.target.blocks(have.bram), "dsp": int(have.dsp * share) if units else 0}


@dataclass(frozen=True)
class DenseWays:
    """Those of a chain of dense layers, folded or unrolled; slower than unrolled is folded."""

    context: Context
    folding: Folding
    estimate: Estimate

    @cached_property
    def taken(self) -> Candidate:
        """See `Ways`."""
        if self.folding.strategy == "unrolled":
            network = files.network(self.context)
            family, blocks = self.context.fpga_board.fpga.family, self.folding.estimate.bram
            uses = of_unrolled(use_of_layers(network, self.folding.clock_hz, family, blocks))
            return Candidate(self.folding.initiation_interval, _layers(uses), _use(self.estimate.to_json()))
        choice = self._search(NOTHING).taken(self.folding)
        if choice is None:
            raise BuildError("folding.json: no folding of this version of Gateweave; run `make build` again")
        return self._candidate(choice)

    @property
    def slower(self) -> Sequence[int]:
        """See `Ways`."""
        return [step for step in self._search(NOTHING).steps if step > self.folding.initiation_interval]

    def within(self, interval: int | None, more: Counts = NOTHING) -> Candidate | None:
        """See `Ways`."""
        search = self._search(more)
        try:
            choice = search.fastest() if interval is None else search.within(interval)
        except FitError:
            return None
        return None if choice is None else self._candidate(choice)

    def _search(self, more: Counts) -> Search:
        link = shell_of(self.context.board).cost
        capacity = capacity_of(self.context.fpga_board, link.kbit)
        kbit = capacity.bram_kbit + more["bram"] * capacity.block.kbit
        ff = capacity.ff + more["lut"]
        return Search(
            analyse(files.network(self.context)),
            replace(capacity, lut=capacity.lut + more["lut"], ff=ff, bram_kbit=kbit),
            link.lut,
        )

    def _candidate(self, choice: Choice) -> Candidate:
        core = FoldedUse(lut=round(choice.cost.lut), ff=round(choice.cost.ff), bram=choice.cost.blocks)
        chip = chip_of(self.context, shell_of(self.context.board).cost, core)
        return Candidate(interval_of(choice.plans), _layers(of_dense(choice)), _use(chip))


@dataclass(frozen=True)
class UnitWays:
    """Those of a graph of units, before depths of FIFOs are looked for."""

    context: Context
    folding: FoldedUnits
    estimate: Estimate

    @cached_property
    def taken(self) -> Candidate:
        """See `Ways`: as it was built, its FIFOs too."""
        layers = tuple(LayerWay(s.tensor, s.option, s.cycles, _counts(s.to_json())) for s in self.folding.stages)
        return Candidate(self.folding.initiation_interval, layers, _use(self.estimate.to_json()))

    @property
    def slower(self) -> Sequence[int]:
        """See `Ways`: by powers of two, since each takes a search of all stages."""
        return [self.taken.interval << step for step in range(1, 7)]

    def within(self, interval: int | None, more: Counts = NOTHING) -> Candidate | None:
        """See `Ways`."""
        # Where LUTs and flip-flops are one cell, a cell more is one more of each.
        extra = Resources(more["lut"], more["lut"], more["bram"], more["dsp"], more["lut"])
        try:
            fitted = self._design.within(self.context, shell_of(self.context.board).cost, interval, extra)
        except FitError:
            return None
        return self._candidate(fitted)

    @cached_property
    def _design(self) -> GraphDesign:
        dense = self.estimate.too_dense
        return GraphDesign(files.graph(self.context), wish=Wish(dense) if dense else None)

    def _candidate(self, fitted: Fitted) -> Candidate:
        layers = tuple(
            LayerWay(name, sized.option.name, sized.option.cycles, _counts(use_of(sized.resources).to_json()))
            for name, sized in fitted.folded.chosen.items()
        )
        chip = self._design.chip_of(self.context, shell_of(self.context.board).cost, fitted)
        return Candidate(fitted.netlist.interval, layers, _use(chip))


def _layers(uses: Sequence[LayerUse]) -> tuple[LayerWay, ...]:
    return tuple(LayerWay(use.name, use.option, use.cycles, _counts(use.to_json())) for use in uses)


def _use(chip: Mapping[str, int]) -> Use:
    return Use(lut=chip["lut"], ff=chip["ff"], bram=chip["bram"], dsp=chip.get("dsp", 0))


def _counts(use: Mapping[str, int]) -> Counts:
    return {name: int(use.get(name, 0)) for name in NOTHING}
