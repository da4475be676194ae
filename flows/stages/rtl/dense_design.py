"""Chains of dense layers: folded or unrolled cores, by generators of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context
from flows.stages.rtl.core_check import CoreChecks, check_core
from flows.stages.rtl.folding import capacity_of, fold_network, reckoned, target_fps, told
from flows.stages.rtl.graph_design import limits_of
from flows.stages.rtl.layer_use import of_dense, of_unrolled
from flows.stages.rtl.rank import Rank
from flows.stages.rtl.reference import DenseReference, Reference
from hls.arithmetic import WeightKind, analyse
from hls.chip import LinkCost
from hls.fold import Search
from hls.generate import generate_core
from hls.unrolled import use_of_layers
from toolchain.errors import ConfigError
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.types import IntType
from toolchain.results.checked import LayerUse, Reckoned
from toolchain.results.core import CoreDescription
from toolchain.results.facts import FoldFacts
from toolchain.results.facts.hardware import Estimate
from toolchain.results.folding import FoldedUse, Folding, read_folding, write_folding


@dataclass(frozen=True)
class DenseDesign:
    """See `flows.stages.rtl.design.Design`."""

    network: DenseNetwork

    @cached_property
    def _folded(self) -> dict[LinkCost, Folding]:
        """By host link: a chain that was folded to be ranked is not folded again."""
        return {}

    @property
    def multiplies(self) -> bool:
        """Whether a weight is wider than two bits, so that a product is more than a choice or a sign."""
        return any(layer.kind is WeightKind.INTEGER for layer in analyse(self.network))

    def must_fit(self, context: Context, link: LinkCost) -> Folding:
        """See `Design`."""
        if link not in self._folded:
            self._folded[link] = fold_network(context, self.network, context.request.strategy, link)
        return self._folded[link]

    def reckon(self, context: Context, link: LinkCost) -> Reckoned:
        """See `Design`."""
        folding = self.must_fit(context, link)
        chip = {"dsp": 0, **chip_of(context, self._beside(link, folding), folding.estimate)}
        layers = self._layers(context, link, folding)
        return reckoned(context, "folded", chip, folding.initiation_interval, folding.clock_hz, layers)

    def _layers(self, context: Context, link: LinkCost, folding: Folding) -> tuple[LayerUse, ...]:
        if folding.strategy == "unrolled":
            family, blocks = context.fpga_board.fpga.family, folding.estimate.bram
            return of_unrolled(use_of_layers(self.network, folding.clock_hz, family, blocks))
        capacity = capacity_of(context.fpga_board, link.kbit)
        choice = Search(analyse(self.network), capacity, link.lut).taken(folding)
        return of_dense(choice) if choice else ()

    def _beside(self, link: LinkCost, folding: Folding) -> LinkCost:
        """The link beside the core: an unrolled one takes wide beats."""
        if folding.strategy != "unrolled":
            return link
        bits = self.network.inputs * IntType.of(self.network.input_type).bits
        return link.for_beats(bits // folding.initiation_interval)

    def rank(self, context: Context, link: LinkCost) -> Rank:
        """See `Design`."""
        folding = self.must_fit(context, link)
        interval = folding.initiation_interval if folding.target_fps is None else 0
        return Rank(folding.estimate.lut > limits_of(context, link, ()).lut, interval, folding.estimate.lut)

    def fold(self, context: Context, link: LinkCost) -> tuple[FoldFacts, str]:
        """See `Design`. The estimate is of core and host link, as what is synthesised and routed is."""
        folding = self.must_fit(context, link)
        write_folding(context.out, folding)
        chip = chip_of(context, self._beside(link, folding), folding.estimate)
        facts = FoldFacts(estimate=Estimate(of="chip", too_dense=(), **chip), folding=folding)
        missed = context.request.fps is None and folding.target_fps is None
        return facts, told(folding, target_fps(context) if missed else None)

    def generate(self, context: Context, rtl: Path, hz: int) -> CoreDescription:
        """See `Design`. An unrolled core has registers where the clock asks for them."""
        folding = read_folding(context.layout.stage("fold"))
        assert isinstance(folding, Folding), "of a chain that units were taken for, another design is asked"
        return generate_core(self.network, replace(folding, clock_hz=hz), rtl, context.fpga_board.fpga.family)

    def reference(self, core: CoreDescription) -> Reference:
        """See `Design`."""
        return DenseReference(self.network)

    def check(self, context: Context, chip: files.Chip, work: Path) -> CoreChecks:
        """See `Design`: the whole test set."""
        if context.request.toggles:
            raise ConfigError("TOGGLES: counts in cores of units, and a chain of dense layers is none; leave it out")
        return check_core(context, chip, self.network, work)


def chip_of(context: Context, link: LinkCost, core: FoldedUse) -> dict[str, int]:
    """What the whole chip takes, of what its core does."""
    return link.with_core(core.to_json(), -(-link.kbit // context.fpga_board.fpga.bram_kbit))
