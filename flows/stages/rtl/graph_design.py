"""Any graph that is no chain of dense layers: a core of units."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.clocking import clocks_hz, fold_at_slowest
from flows.stages.context import Context
from flows.stages.rtl.core_check import SEED, CoreChecks, must_agree, spread
from flows.stages.rtl.folding import block_ram_of, factor_bits_of, reckoned, target_fps
from flows.stages.rtl.layer_use import of_units
from flows.stages.rtl.rank import Rank
from flows.stages.rtl.reference import GraphReference, Reference
from flows.stages.rtl.unit_folding import folding_of, netlist_of, use_of
from flows.stages.rtl.ways import cycles_as, cycles_of_ways, work_of
from hls import answer_memory
from hls.chip import LinkCost
from hls.fitting import shortage
from hls.graph_core import Fitted, GraphCore, finished, fit
from hls.graph_forms import form_of
from hls.graph_ports import generate_graph_core
from hls.graph_unrolled import Wish
from hls.memories import Resources, cells_of
from hls.netlist import Netlist
from hls.simulate_graph import simulate_graph
from hls.simulate_stream import CoreSimulation
from hls.units.staged import settings_in
from hls.units.unit import Memory
from hls.unrolled.folding import narrow_beats
from toolchain.board import FpgaBoard, OpenBoard
from toolchain.device.link.remembering import CHIP
from toolchain.errors import FitError, ModelError, TooLargeError, VerificationError
from toolchain.graph.deciding import at_width, numbers_of, widths_of
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph, with_outputs
from toolchain.graph.labelled import scores_of
from toolchain.graph.types import Integers, IntType
from toolchain.results.checked import Reckoned
from toolchain.results.core import CoreDescription
from toolchain.results.facts import FoldFacts
from toolchain.results.facts.hardware import Estimate, WayCycles
from toolchain.results.folding import FoldedUnits, TooDense, dense_told, read_folding, write_folding

# Clocks times LUTs that Verilator simulates in five minutes, all streams compared; measured on a core of 20,000 LUTs.
FIVE_MINUTES = 8e11
_LEAST_VECTORS = 32
# Times that all is folded where FIFOs take more block RAMs than are left.
_FOLDINGS = 3
# LUTs of the largest core that nextpnr has routed, in ten minutes, on an LFE5U-85F; larger ones were not tried.
_ROUTED_LUT = 30_000
# Of the clocks, the share that goes to the run with back-pressure, which takes about twice as many.
STALLED_SHARE = 0.1


@dataclass(frozen=True)
class GraphDesign:
    """See `flows.stages.rtl.design.Design`.

    Attributes:
        weight_bits: `must_fit` estimates as if no weight had more.
        keeps_answers: whether the chip keeps those that the recipe says.
        wish: which products are to be unrolled.
    """

    network: Graph
    weight_bits: int | None = None
    keeps_answers: bool = True
    wish: Wish | None = None

    @cached_property
    def graph(self) -> Graph:
        """The network up to what hardware answers with: scores, where it has them beside a class that they give."""
        return with_outputs(self.network, scores_of(self.network) or self.network.outputs)

    def fold(self, context: Context, link: LinkCost) -> tuple[FoldFacts, str]:
        """See `Design`. The estimate is of core and host link, as what is synthesised and routed is."""
        link = self._form(context, link)
        core, clock_hz = self._core(context, link)
        interval = _interval(context, clock_hz)
        reached = interval is not None and core.tokens.interval <= interval
        folding = folding_of(core.graph, core, clock_hz, target_fps(context) if reached else None)
        write_folding(context.out, folding)
        chip, dense = (
            self._chip(context, link, core.netlist, folding.estimate.to_json()),
            self.wish.dense if self.wish else (),
        )
        estimate = Estimate(of="chip", too_dense=dense, **chip)
        ways = work_of(core.graph, folding, block_ram_of(context.fpga_board))
        return FoldFacts(estimate=estimate, folding=folding, ways=ways), _told(context, folding, dense)

    def _core(self, context: Context, link: LinkCost) -> tuple[GraphCore, int]:
        """The core with FIFOs deep enough, and its clock in Hz.

        Where they need more block RAMs than the device has left, all else is folded again with so many fewer.

        Raises:
            TooLargeError: they need more even then.
        """
        kept = 0
        for _ in range(_FOLDINGS):
            fitted, clock_hz = self._fitted(context, link, kept)
            limits = self._limits(context, link, _lanes(fitted.netlist))
            limits = replace(limits, blocks=limits.blocks + _held_back(context))
            core = _deepened(context, fitted, limits, self._kept_interval(context, clock_hz, fitted))
            missing = core.resources.blocks - limits.blocks
            if missing <= 0:
                return core, clock_hz
            kept += missing
            context.progress(f"FIFOs take {missing} block RAMs too many: folding again with as many fewer")
        short = shortage("block RAMs", core.resources.blocks, limits.blocks)
        raise TooLargeError(f"the network does not fit: {short}; {_deepest(core)}")

    def must_fit(self, context: Context, link: LinkCost) -> Fitted:
        """What fits, before depths of FIFOs are looked for.

        Raises:
            FitError, ModelError: as `Design.fold`.
        """
        return self._fitted(context, self._form(context, link))[0]

    def _form(self, context: Context, link: LinkCost) -> LinkCost:
        """The form of the link that the network's vectors and answers take on the board."""
        form = link.form_for(self._vector_bytes, self._answer_bytes, files.memory_bytes(context.fpga_board))
        if not self._places(context):
            return form
        return replace(form, lut=form.lut + answer_memory.LUT, ff=form.ff + answer_memory.FF)

    def _places(self, context: Context) -> int:
        return kept_in_chip(context) if self.keeps_answers else 0

    def _fitted(self, context: Context, link: LinkCost, kept: int = 0) -> tuple[Fitted, int]:
        """The same with block RAMs kept for FIFOs, and the slowest clock in Hz that suffices for the rate."""
        if self.wish is None:
            _must_fold(context)
        try:
            return self._at_slowest(context, link, kept)
        except TooLargeError:
            if self._places(context):
                self._must_leave_room(context, link)
            raise

    def _must_leave_room(self, context: Context, link: LinkCost) -> None:
        """Say by how much the answers that are kept are too many, of a network that fits without them.

        Raises:
            TooLargeError: block RAM is short for them, or the network does not fit without them either.
        """
        alone, block = replace(self, keeps_answers=False), block_ram_of(context.fpga_board)
        fitted, _ = alone._at_slowest(context, link, 0)
        lanes, places = _lanes(fitted.netlist), self._places(context)
        own = link.blocks_beside(self._stored(context, link, lanes), block)
        free = alone._limits(context, link, lanes).blocks - fitted.resources.blocks
        needed = own - link.blocks_beside(alone._stored(context, link, lanes), block)
        takes, lacks = needed * block.kbit, (needed - free) * block.kbit
        if lacks <= 0:
            return
        raise TooLargeError(
            f"{context.recipe_shown}: decision.memory: {places:,} answers do not fit: they take {takes:,} kbit of "
            f"block RAM, {lacks:,} more than the network leaves; keep fewer, or write `place: driver`"
        )

    def _at_slowest(self, context: Context, link: LinkCost, kept: int) -> tuple[Fitted, int]:
        return fold_at_slowest(
            clocks_hz(context),
            target_fps(context),
            partial(self._at, context, link, kept),
            lambda fitted: fitted.folded.interval,
            strict=context.request.fps is not None,
        )

    def _at(self, context: Context, link: LinkCost, kept: int, clock_hz: int, strict: bool) -> Fitted:
        """What fits at a clock; `strict`: with the rate, else the fastest where that is out of reach.

        Where nobody asks for a rate, folded layers keep the pace of the unrolled ones if there is room for that.
        """
        wanted, fewer = _interval(context, clock_hz), Resources(blocks=-kept)
        if self._keeps_pace(context):
            x = self.graph.types[self.graph.sole_input]
            pace = narrow_beats(x.size, IntType.of(x.element.datatype).bits)
            with contextlib.suppress(FitError):
                return self._held(context, link, pace if wanted is None else min(pace, wanted), fewer, True)
        return self._held(context, link, wanted, fewer, strict)

    def _keeps_pace(self, context: Context) -> bool:
        return self.wish is not None and context.request.fps is None

    def _kept_interval(self, context: Context, clock_hz: int, fitted: Fitted) -> int | None:
        """Clocks an inference that FIFOs must keep."""
        wanted = _interval(context, clock_hz)
        return min(wanted, fitted.folded.interval) if wanted is not None and self._keeps_pace(context) else wanted

    def within(self, context: Context, link: LinkCost, interval: int | None, more: Resources) -> Fitted:
        """What keeps an interval with so much more than the board has, the fastest that fits with None.

        Raises:
            FitError: nothing does.
        """
        return self._held(context, self._form(context, link), interval, more, True)

    def _held(self, context: Context, link: LinkCost, interval: int | None, more: Resources, strict: bool) -> Fitted:
        block, few = block_ram_of(context.fpga_board), self.weight_bits
        factor, loads = factor_bits_of(context.fpga_board), _loads(context.fpga_board)

        def limits_beside(lanes: int) -> Resources:
            limits = self._limits(context, link, lanes) + more
            return replace(limits, blocks=max(0, limits.blocks))

        def beside(lanes: int) -> Fitted:
            limits, how = limits_beside(lanes), {"strict": strict, "loads": loads}
            return fit(self.graph, limits, interval, block, factor_bits=factor, weight_bits=few, wish=self.wish, **how)

        return _beside_vectors(beside, lambda lanes: limits_beside(lanes).blocks)

    def reckon(self, context: Context, link: LinkCost) -> Reckoned:
        """See `Design`."""
        link = self._form(context, link)
        fitted, clock_hz = self._fitted(context, link)
        chip = self._chip(context, link, fitted.netlist, dict(use_of(fitted.resources)))
        return reckoned(context, "units", chip, fitted.netlist.interval, clock_hz, of_units(fitted))

    def rank(self, context: Context, link: LinkCost) -> Rank:
        """See `Design`; limits leave no core larger than what is known to be routed."""
        fitted, clock_hz = self._fitted(context, self._form(context, link))
        wanted = _interval(context, clock_hz)
        missed = wanted is None or fitted.folded.interval > wanted
        return Rank(False, fitted.folded.interval if missed else 0, fitted.resources.lut)

    def chip_of(self, context: Context, link: LinkCost, fitted: Fitted) -> dict[str, int]:
        """What the chip around a core takes."""
        return self._chip(context, self._form(context, link), fitted.netlist, dict(use_of(fitted.resources)))

    def _chip(self, context: Context, link: LinkCost, netlist: Netlist, core: Mapping[str, int]) -> dict[str, int]:
        """What the whole chip takes, of what its core does."""
        blocks = link.blocks_beside(self._stored(context, link, _lanes(netlist)), block_ram_of(context.fpga_board))
        return {**core, **self._beside(link, _lanes(netlist)).with_core(core, blocks)}

    def _limits(self, context: Context, link: LinkCost, lanes: int) -> Resources:
        return limits_of(context, self._beside(link, lanes), self._stored(context, link, lanes))

    def _beside(self, link: LinkCost, lanes: int) -> LinkCost:
        """The link beside beats of so many elements, which are wide where the first product is unrolled."""
        x = self.graph.types[self.graph.sole_input].element
        return link.for_beats(lanes * IntType.of(x.datatype).bits) if self.wish else link

    def _stored(self, context: Context, link: LinkCost, lanes: int) -> tuple[Memory, ...]:
        """Memories of the vector that comes in, of those stored for the bench, of the answer, and of earlier ones.

        Args:
            lanes: elements of a beat, which is a word of the first two.
        """
        x = self.graph.types[self.graph.sole_input]
        beats, bits = x.size // lanes, lanes * IntType.of(x.element.datatype).bits
        answer = self.graph.types[self.graph.outputs[0].node]
        told = (answer.size, IntType.of(answer.element.datatype).bits)
        kept = answer_memory.memories(self._places(context), (beats, bits), told)
        if not link.holds:
            return kept
        return (beats, bits), (files.bench_vectors(context, x) * beats, bits), (self._answer_bytes, 8), *kept

    @property
    def _vector_bytes(self) -> int:
        x = self.graph.types[self.graph.sole_input]
        return -(-x.size * IntType.of(x.element.datatype).bits // 8)

    @property
    def _answer_bytes(self) -> int:
        (end,) = self.graph.outputs
        answer = self.graph.types[end.node]
        return answer.size * -(-IntType.of(answer.element.datatype).bits // 8)

    def generate(self, context: Context, rtl: Path, hz: int) -> CoreDescription:
        """See `Design`. Units have the same registers for every clock."""
        folding = _folding(context)
        form = form_of(self.graph, folding.tensors)
        places = self._places(context)
        core = generate_graph_core(netlist_of(form, folding), form, rtl, places)
        if not places:
            return core
        return replace(core, initiation_interval=folding.latency_cycles + answer_memory.clocks(core.in_beats, places))

    def reference(self, core: CoreDescription) -> Reference:
        """See `Design`."""
        return GraphReference(self.graph, core.output)

    def check(self, context: Context, chip: files.Chip, work: Path) -> CoreChecks:
        """See `Design`: as many vectors of the test set as fit five minutes, or as many as were asked for."""
        x, folding = files.golden_inputs(context), _folding(context)
        x = x.reshape(len(x), *self.graph.types[self.graph.sole_input].shape)
        form = form_of(self.graph, folding.tensors)
        netlist = netlist_of(form, folding)
        _must_be_same(self.graph, form, x)
        some = spread(x, context.request.vectors or within(folding, FIVE_MINUTES))
        context.progress(f"core: {len(some):,} of {len(x):,} vectors")
        whole = simulate_graph(netlist, form, some, chip.rtl, work)
        must_agree("core", whole)
        context.progress("core: with back-pressure")
        few = spread(some, within(folding, FIVE_MINUTES * STALLED_SHARE))
        stalled = simulate_graph(netlist, form, few, chip.rtl, work, backpressure_seed=SEED)
        must_agree("core with back-pressure", stalled)
        ways: tuple[WayCycles, ...] = ()
        widths: dict[int, CoreSimulation] = {}
        toggles = context.request.toggles
        for width in widths_of(form):
            context.progress(f"core: at {width} % of its channels" + (", toggles counted" if toggles else ""))
            widths[width] = _agreeing(netlist, at_width(form, width), chip.rtl, work, toggles, few)
        if widths:
            ways = tuple(map(cycles_as, widths.values()))
        elif toggles or numbers_of(form):
            context.progress("core: inferences of each stage alone" + (", toggles counted" if toggles else ""))
            ways = cycles_of_ways(form, some, partial(_agreeing, netlist, form, chip.rtl, work, toggles))
        return CoreChecks(whole, stalled, len(x), files.vector_kind(context), ways, widths)


def _agreeing(netlist: Netlist, form: Graph, rtl: Path, work: Path, toggles: bool, x: Integers) -> CoreSimulation:
    """Run some inputs, with the thresholds of the graph.

    Raises:
        VerificationError: a result differs.
    """
    settings = {setting.name: setting.reset for setting in settings_in(form)}
    simulation = simulate_graph(netlist, form, x, rtl, work, settings=settings, toggles=toggles)
    must_agree("core, inferences of one stage or width", simulation)
    return simulation


def _must_be_same(graph: Graph, form: Graph, x: NDArray[Any]) -> None:
    """Hold the form that is built against the network's graph, every output of all vectors.

    Raises:
        VerificationError: one differs.
    """
    (end,), (own,) = graph.outputs, form.outputs
    expected, found = run_one(graph, x, [end.node])[end.node], run_one(form, x, [own.node])[own.node]
    if not np.array_equal(expected, found):
        raise VerificationError(f"the graph as hardware has it answers otherwise than the network, at {own.node}")


def within(folding: FoldedUnits, work: float) -> int:
    """Vectors that are simulated with so many clocks times LUTs, never fewer than 32."""
    return vectors_within(folding.initiation_interval * folding.estimate.lut, work)


def vectors_within(cost: float, work: float) -> int:
    """The same of a core by what one vector costs: clocks times LUTs."""
    return max(_LEAST_VECTORS, int(work / max(cost, 1)))


def limits_of(context: Context, link: LinkCost, stored: Iterable[Memory]) -> Resources:
    """What a core may use of the board, beside a link and its memories of vectors."""
    board = context.fpga_board
    have, share, block = board.fpga.resources, board.target.share, block_ram_of(board)
    lut = min(have.lut * share, _ROUTED_LUT if isinstance(board, OpenBoard) else math.inf)
    blocks = board.target.blocks(have.bram) - link.blocks_beside(stored, block)
    cells = cells_of(have.lut * share - link.lut, -link.ff, block)
    ff, dsp = have.ff * share - link.ff, int(have.dsp * share)
    one_port = board.fpga.spram if isinstance(board, OpenBoard) else 0
    return Resources(lut - link.lut, ff, max(0, blocks), dsp, cells, one_port)


def _deepened(context: Context, fitted: Fitted, limits: Resources, interval: int | None) -> GraphCore:
    return finished(
        fitted,
        limits,
        interval,
        block_ram_of(context.fpga_board),
        lambda share: context.progress(f"depths of FIFOs: {share:.0%} of the search", share),
    )


def _held_back(context: Context) -> int:
    """Block RAMs that are not shared out when layers are folded: FIFOs may have them."""
    board = context.fpga_board
    return board.fpga.resources.bram - board.target.blocks(board.fpga.resources.bram)


def _deepest(core: GraphCore) -> str:
    """The deepest FIFO, in words."""
    fifo = max(core.netlist.fifos, key=lambda it: it.depth * it.stream.width)
    source, sink = core.netlist.ends(fifo)
    return f"between {source} and {sink} {fifo.depth:,} values of {fifo.stream.width} bits wait for another branch"


def _lanes(netlist: Netlist) -> int:
    """Elements of a beat that comes in."""
    return netlist.input.stream.lanes


def _beside_vectors(beside: Callable[[int], Fitted], blocks: Callable[[int], int]) -> Fitted:
    """What fits beside the link's memories of vectors, whose words are as wide as the beats that the core takes.

    Args:
        beside: gives what fits beside memories of beats of so many elements.
        blocks: block RAMs that those leave.
    """
    first = fitted = beside(1)
    tried = {1}
    while fitted.resources.blocks > blocks(lanes := _lanes(fitted.netlist)):
        if lanes in tried:
            return first
        tried.add(lanes)
        try:
            fitted = beside(lanes)
        except TooLargeError:
            return first
    return fitted


def _loads(board: FpgaBoard) -> bool:
    """Whether weights may be loaded at the chip's start: into large RAMs, from a flash that the design reaches."""
    return isinstance(board, OpenBoard) and bool(board.fpga.spram) and board.flash.memory is not None


def _must_fold(context: Context) -> None:
    if context.request.strategy != "folded":
        raise ModelError(
            f"STRATEGY={context.request.strategy} takes chains of dense layers that end in a class; this network is "
            "another graph and becomes units: leave STRATEGY out"
        )


def kept_in_chip(context: Context) -> int:
    """Earlier answers that the recipe has the chip keep; 0: none."""
    decision = None if context.request.file else context.recipe.decision
    memory = decision.memory if decision else None
    return memory.size if memory and memory.place == CHIP else 0


def _interval(context: Context, clock_hz: int) -> int | None:
    """Clocks an inference that the rate leaves, 0 where it is out of reach; None: as few as fit."""
    fps = target_fps(context)
    return None if fps is None else int(clock_hz / fps)


def _folding(context: Context) -> FoldedUnits:
    folding = read_folding(context.layout.stage("fold"))
    assert isinstance(folding, FoldedUnits), "of a chain with generators of its own, another design is asked"
    return folding


def _told(context: Context, folding: FoldedUnits, too_dense: Sequence[TooDense]) -> str:
    """A folding in a few words."""
    use = folding.estimate
    slowest = max(folding.stages, key=lambda stage: stage.cycles)
    missed = "" if folding.target_fps or context.request.fps else "; the rate it aims at is out of reach"
    dense = f", {dense_told(too_dense)}" if too_dense else ""
    return (
        f"{len(folding.stages)} units{dense}, one inference every {folding.initiation_interval:,} clocks, "
        f"{folding.fps:,.0f}/s at {folding.clock_hz / 1e6:g} MHz (estimated{missed}); {use.lut:,} LUT, "
        f"{use.bram} block RAMs, {use.dsp} multipliers (estimated); the slowest is {slowest.tensor} "
        f"({slowest.option}), the deepest FIFO {max(fifo.depth for fifo in folding.fifos):,} places"
    )
