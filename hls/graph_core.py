"""From a graph to its core: stages, one option each for a rate on a device, the netlist, the depths of FIFOs."""

from __future__ import annotations

from dataclasses import dataclass

from hls.cost import BlockRam
from hls.fifo_depths import Progress, with_depths
from hls.fold_graph import Folded, fold, over
from hls.graph_netlist import build_netlist
from hls.graph_stages import output_tensor, stages_of
from hls.memories import Resources, resources_of, small_ram
from hls.netlist import Netlist
from hls.netlist_needs import netlist_needs
from hls.token_simulator import TokenRun
from toolchain.errors import FitError
from toolchain.graph.graph import Graph

_TRIES = 6


@dataclass(frozen=True)
class GraphCore:
    """A core, ready to be written as Verilog.

    Attributes:
        folded: what was chosen for each stage, and what the stages alone are estimated to take.
        tokens: what its tokens do: latency and interval are those of the Verilog.
        resources: what all of it is estimated to take, FIFOs and changes of lanes too.
    """

    netlist: Netlist
    folded: Folded
    tokens: TokenRun
    resources: Resources


def core_of(
    graph: Graph,
    limits: Resources,
    interval: int | None,
    block: BlockRam,
    *,
    strict: bool = True,
    progress: Progress | None = None,
) -> GraphCore:
    """The core of the least LUTs for an interval, or with None the fastest that fits.

    Args:
        limits: what the core may take, but for the places of FIFOs that have to be deep.
        strict: whether an interval out of reach is an error; else the fastest that fits is taken.
        block: the device's block RAM.
        progress: told how many FIFOs are deep enough, of how many.

    Raises:
        ModelError: a node without a unit, or several inputs or outputs; names them.
        FitError: nothing fits, or the interval is out of reach.
        ToolError: there is no C++ compiler.
    """
    folded, netlist = _within(graph, limits, interval, block, strict)
    netlist, tokens = with_depths(netlist, limits.blocks > 0, progress)
    return GraphCore(netlist, folded, tokens, resources_of(netlist_needs(netlist), block))


def _within(
    graph: Graph, limits: Resources, interval: int | None, block: BlockRam, strict: bool
) -> tuple[Folded, Netlist]:
    """A folding whose netlist fits, FIFOs as shallow as they come: what they take is left out at the next try."""
    stages, output, room = stages_of(graph), output_tensor(graph), limits
    for _ in range(_TRIES):
        folded = fold(stages, room, interval, block, strict=strict)
        netlist = build_netlist(graph, stages, folded.options, output).made_of(small_ram(block))
        whole = resources_of(netlist_needs(netlist), block)
        if not over(whole, limits):
            return folded, netlist
        room = limits - (whole - folded.resources)
    raise FitError(
        f"the network does not fit: with the FIFOs between its stages it needs an estimated {over(whole, limits)}; use "
        "fewer bits, a smaller network, a lower FPS or a larger board"
    )
