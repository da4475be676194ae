"""The two kinds of core: chains of dense layers have generators of their own, all other graphs become units."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from flows.stages import files
from flows.stages.context import Context
from flows.stages.rtl.core_check import CoreChecks
from flows.stages.rtl.dense_design import DenseDesign
from flows.stages.rtl.graph_design import GraphDesign
from flows.stages.rtl.reference import Reference
from hls.chip import LinkCost
from hls.core import CoreDescription
from toolchain.errors import ModelError
from toolchain.graph.dense import dense_network
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph
from toolchain.results.facts import FoldFacts


class Design(Protocol):
    """A network on its way to a core."""

    def fold(self, context: Context, link: LinkCost) -> tuple[FoldFacts, str]:
        """Write `folding.json`; returns what it holds, and its words.

        Raises:
            FitError: the network does not fit the board, or no folding reaches the rate that was asked for.
            ModelError: the hardware cannot compute a node; names it.
        """

    def generate(self, context: Context, rtl: Path) -> CoreDescription:
        """Write the core of `folding.json` into `rtl`."""

    def reference(self, core: CoreDescription) -> Reference:
        """What answers for the chip around the core."""

    def check(self, context: Context, chip: files.Chip, work: Path) -> CoreChecks:
        """Hold every element of every layer of the generated core against the integer network's.

        Raises:
            VerificationError: a result differs; names the first input, layer and element.
        """


def design_of(context: Context) -> Design:
    """The design of a build's network."""
    return design_for(load_graph(files.network_file(context, "integer.onnx")))


def reference_of(context: Context) -> Reference:
    """What answers for the generated chip."""
    return design_of(context).reference(files.chip(context).core)


def design_for(graph: Graph) -> Design:
    """The design of a graph: a chain of dense layers that ends in a class has a generator of its own."""
    try:
        return DenseDesign(dense_network(graph))
    except ModelError:
        return GraphDesign(graph)
