"""From a graph to its core: stages, one option each for a rate on a device, the netlist, the depths of FIFOs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hls.cost import BlockRam
from hls.fifo_depths import Progress, with_depths
from hls.fold_graph import Folded, fold, largest, over
from hls.graph_forms import best_that_fits, forms_of
from hls.graph_netlist import build_netlist
from hls.graph_stages import output_tensor, stages_of
from hls.graph_unrolled import Wish
from hls.memories import Resources, resources_of, small_ram
from hls.netlist import Netlist
from hls.netlist_needs import netlist_needs
from hls.one_port_memories import one_port_units
from hls.shared_roms import sharing_units
from hls.token_simulator import TokenRun
from hls.units.stage import Stage
from toolchain.errors import FitError, TooLargeError
from toolchain.graph.graph import Graph

_TRIES = 6

_SCARCE = 0.9
"""Share of block RAMs that a core takes where more of them could make it faster."""


@dataclass(frozen=True)
class Fitted:
    """A core that fits, its FIFOs as shallow as they come.

    Attributes:
        graph: the form of the graph that it is a core of.
        folded: what was chosen for each stage, and what the stages alone are estimated to take.
        resources: what all of it is estimated to take, FIFOs and changes of lanes too.
    """

    graph: Graph
    folded: Folded
    netlist: Netlist
    resources: Resources


@dataclass(frozen=True)
class GraphCore:
    """A core, ready to be written as Verilog.

    Attributes:
        graph: the form of the graph that it is a core of.
        folded: what was chosen for each stage, and what the stages alone are estimated to take.
        tokens: what its tokens do: latency and interval are those of the Verilog.
        resources: what all of it is estimated to take, FIFOs and changes of lanes too.
    """

    graph: Graph
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
    loads: bool = False,
    progress: Progress | None = None,
) -> GraphCore:
    """The core of `fit`, with FIFOs deep enough.

    Args:
        progress: told how far the search of depths is, from 0 to 1.

    Raises:
        ModelError, FitError: as `fit`.
        ToolError: there is no C++ compiler.
    """
    fitted = fit(graph, limits, interval, block, strict=strict, loads=loads)
    return finished(fitted, limits, interval, block, progress)


def finished(
    fitted: Fitted, limits: Resources, interval: int | None, block: BlockRam, progress: Progress | None = None
) -> GraphCore:
    """What fits with FIFOs deep enough; arguments are those of `core_of`.

    Raises:
        ToolError: there is no C++ compiler.
    """
    # Deep FIFOs lie in block RAM where some are left.
    blocks = limits.blocks > fitted.resources.blocks
    netlist, tokens = with_depths(fitted.netlist, blocks, progress, interval=interval)
    return GraphCore(fitted.graph, netlist, fitted.folded, tokens, resources_of(netlist_needs(netlist), block))


def fit(
    graph: Graph,
    limits: Resources,
    interval: int | None,
    block: BlockRam,
    *,
    strict: bool = True,
    factor_bits: int = 16,
    weight_bits: int | None = None,
    loads: bool = False,
    wish: Wish | None = None,
) -> Fitted:
    """The least LUTs for an interval of the first form of the graph that reaches it; else, or with None, the fastest.

    Weights are loaded, and ROMs share memories, only where no form does without or where it is faster so.

    Args:
        limits: what the core may take, but for the places of FIFOs that have to be deep.
        strict: whether an interval out of reach is an error; else the fastest that fits is taken.
        block: the device's block RAM.
        factor_bits: unsigned bits of the wider side of the device's multipliers.
        weight_bits: estimate as if no weight had more; sums stay as wide as they are.
        loads: whether weights may be loaded into large RAMs of one port at the chip's start.
        wish: which products are to be unrolled; None: those for which that takes the fewest LUTs.

    Raises:
        ModelError: a node without a unit, or several inputs or outputs; names them.
        TooLargeError: no form fits.
        FitError: the interval is out of reach.
    """
    forms = forms_of(graph)
    ways = [(form, loaded) for loaded in ((False, True) if loads else (False,)) for form in forms]

    def best(shares: bool) -> Fitted:
        def made(way: tuple[Graph, bool]) -> Fitted:
            stages = _offered(way[0], weight_bits, factor_bits, way[1])
            stages = stages if wish is None else wish.offered(stages)
            return _fit(way[0], stages, limits, interval, block, strict, shares)

        return best_that_fits(ways, made, _cycles, interval)

    if not block.two_port_bits:
        return best(False)
    try:
        plain = best(False)
    except FitError as error:
        return _or_error(lambda: best(True), error)
    if _cycles(plain) <= (interval or 0) or plain.resources.blocks < _SCARCE * limits.blocks:
        return plain
    try:
        return min(plain, best(True), key=_cycles)
    except FitError:
        return plain


def _cycles(fitted: Fitted) -> int:
    return fitted.netlist.interval


def _or_error(made: Callable[[], Fitted], error: FitError) -> Fitted:
    """What is made, or an error where that does not fit: of the two the one that tells more."""
    try:
        return made()
    except TooLargeError:
        raise error from None


def _offered(graph: Graph, weight_bits: int | None, factor_bits: int, loads: bool) -> tuple[Stage, ...]:
    """The stages with those options alone for which the device's multipliers are wide enough."""
    return tuple(
        replace(stage, options=tuple(option for option in stage.options if option.factor_bits <= factor_bits))
        for stage in stages_of(graph, weight_bits, loads=loads)
    )


def _fit(
    graph: Graph,
    stages: Sequence[Stage],
    limits: Resources,
    interval: int | None,
    block: BlockRam,
    strict: bool,
    shares: bool,
) -> Fitted:
    # What FIFOs and changes of lanes take is left out at the next try; each large RAM frees a block RAM at least.
    output = output_tensor(graph)
    room = replace(limits, blocks=limits.blocks + limits.one_port)
    for _ in range(_TRIES):
        folded = fold(stages, room, interval, block, strict=strict, shares=shares)
        netlist = build_netlist(graph, stages, folded.options, output).made_of(small_ram(block))
        kept = max(interval or 0, netlist.interval)
        free = limits.one_port - folded.resources.one_port
        netlist = netlist.in_one_port(one_port_units(netlist, free, block, kept))
        netlist = netlist.sharing(sharing_units(netlist, block)) if shares else netlist
        whole = resources_of(netlist_needs(netlist), block)
        if not over(whole, limits):
            return Fitted(graph, folded, netlist, whole)
        # Line buffers take those large RAMs only that weights leave.
        room = replace(limits - (whole - folded.resources), one_port=limits.one_port)
    raise TooLargeError(
        f"the network does not fit: with the FIFOs between its layers it needs an estimated {over(whole, limits)}; "
        f"{largest(folded, limits)}"
    )
