"""The two kinds of core: chains of dense layers have generators of their own, all other graphs become units.

The fold stage chooses; its record tells later stages what.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from flows.stages import files
from flows.stages.context import Context
from flows.stages.rtl.core_check import CoreChecks
from flows.stages.rtl.dense_design import DenseDesign
from flows.stages.rtl.graph_design import GraphDesign
from flows.stages.rtl.rank import Rank
from flows.stages.rtl.reference import Reference
from hls.chip import LinkCost
from hls.graph_unrolled import Wish, unrolled_where_it_fits
from toolchain.errors import FitError, ModelError, TooDenseError
from toolchain.graph.dense import dense_network
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear
from toolchain.results.checked import Reckoned
from toolchain.results.core import CoreDescription
from toolchain.results.facts import FoldFacts


class Design(Protocol):
    """A network on its way to a core."""

    def must_fit(self, context: Context, link: LinkCost) -> object:
        """Fold it for the board without anything slow.

        Raises:
            FitError, ModelError: as `fold`.
        """

    def reckon(self, context: Context, link: LinkCost) -> Reckoned:
        """What it is estimated to take and to do, without anything slow; raises as `fold`."""

    def rank(self, context: Context, link: LinkCost) -> Rank:
        """How good the folding is, beside those of other designs; raises as `fold`."""

    def fold(self, context: Context, link: LinkCost) -> tuple[FoldFacts, str]:
        """Write `folding.json`; returns what it holds, and its words.

        Raises:
            FitError: the network does not fit the board, or no folding reaches the rate that was asked for.
            ModelError: the hardware cannot compute a node; names it.
        """

    def generate(self, context: Context, rtl: Path, hz: int) -> CoreDescription:
        """Write the core of `folding.json` into `rtl`, for a clock in Hz, whichever the folding counted on."""

    def reference(self, core: CoreDescription) -> Reference:
        """What answers for the chip around the core."""

    def check(self, context: Context, chip: files.Chip, work: Path) -> CoreChecks:
        """Hold every element of every layer of the generated core against the integer network's.

        Raises:
            VerificationError: a result differs; names the first input, layer and element.
        """


def design_of(context: Context) -> Design:
    """The design that was folded."""
    graph, folding = files.graph(context), context.facts("fold", FoldFacts).folding
    return GraphDesign(graph) if folding.strategy == "units" else DenseDesign(dense_network(graph))


def reference_of(context: Context) -> Reference:
    """What answers for the generated chip."""
    return design_of(context).reference(files.chip(context).core)


def choose_for(context: Context, graph: Graph, link: LinkCost) -> Design:
    """The design to fold a network with: units, but for chains of dense layers that end in a class.

    Those have generators of their own, which multiply in LUTs alone. Where a weight is wider than two bits, units may
    be smaller or faster, and they may fit where the generators' core does not: then they are taken.
    """
    units = GraphDesign(graph)
    try:
        dense = DenseDesign(dense_network(graph))
    except ModelError:
        return units
    if context.request.strategy != "folded":
        return _unrolled(context, graph, dense, link)
    own = _tried(lambda: dense.rank(context, link))
    if own is not None and not dense.multiplies:
        return dense
    other = _tried(lambda: units.rank(context, link))
    return units if other is not None and (own is None or other < own) else dense


def _unrolled(context: Context, graph: Graph, dense: DenseDesign, link: LinkCost) -> Design:
    """The generator's pipeline, or where that is too dense, units: neurons that are tables are not folded."""
    tables = any(layer.table is not None for layer in dense.network.layers)
    try:
        dense.must_fit(context, link)
    except TooDenseError:
        return dense if tables else _partly_unrolled(context, graph, link) or dense
    except FitError:
        # Of the rate or the flip-flops: folding it says so again.
        pass
    return dense


def _partly_unrolled(context: Context, graph: Graph, link: LinkCost) -> GraphDesign | None:
    """Units of which as many products are unrolled as fit; None where none does."""

    def made(wish: Wish) -> GraphDesign:
        design = GraphDesign(graph, wish=wish)
        design.must_fit(context, link)
        return design

    try:
        design, wish = unrolled_where_it_fits(graph, made, context.fpga_board.fpga.family)
    except FitError:
        return None
    return None if len(wish.dense) == sum(isinstance(node.op, Linear) for node in graph) else design


def _tried(rank: Callable[[], Rank]) -> Rank | None:
    """How a core ranks; None where there is none."""
    try:
        return rank()
    except (FitError, ModelError):
        return None
