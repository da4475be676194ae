"""What is said of a network that does not fit its board, or misses its rate, by builds and by `gateweave check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from flows.stages.clocking import clocks_hz
from flows.stages.context import Context
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.folding import target_fps
from flows.stages.rtl.graph_design import GraphDesign
from flows.stages.rtl.shell import shell_of
from hls.arithmetic import signed_bits
from hls.fitting import least
from hls.unrolled.fabric import USUAL, Fabric, fabric_of
from toolchain.board import AmdBoard, FpgaBoard, OpenBoard
from toolchain.catalog import list_boards, load_board, load_recipe
from toolchain.errors import CongestionError, FitError, ModelError, TooDenseError, TooLargeError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear

T = TypeVar("T")

# A rate that every core reaches: only its size decides.
_ANY_RATE = 1e-3
_LEAST_BITS = 2


def explained(context: Context, graph: Graph, make: Callable[[], T]) -> T:
    """What `make` gives; where it refuses, the error tells board and rate, and of what is too large what would do.

    Raises:
        FitError: by how much it does not fit, its largest layer, the nearest board that holds it and fewer bits that
            this one holds; or the best rate.
    """
    try:
        return make()
    except FitError as error:
        wanted, mhz = target_fps(context), clocks_hz(context)[0 if context.request.fps is None else -1] / 1e6
        asked = "" if wanted is None else f", {wanted:g}/s at {mhz:g} MHz"
        mend = f"; {_mend(context, graph)}" if isinstance(error, TooLargeError) else ""
        if isinstance(error, TooDenseError) and (recipe := _recipe_within(context, error.free)):
            mend = f"; its recipe {recipe}, fits by the estimate"
        raise FitError(f"{context.request.model} on {context.board.name}{asked}: {error}{mend}") from error


def _mend(context: Context, graph: Graph) -> str:
    bits, board = _fewer_bits(context, graph), next(_boards_that_hold(context, graph), None)
    ways = [f"weights of {bits} bits would fit"] if bits else []
    ways += [f"the nearest board that holds it is {board}"] if board else []
    if not ways:
        return "no other board holds it, nor do fewer bits of its weights bring it onto this one: use a smaller network"
    return f"{'; '.join(ways)} (estimated)"


def _recipe_within(context: Context, free: float) -> str | None:
    """The recipe of the largest budget that so many LUTs hold, and that budget, in words; None where there is none."""
    if context.request.file:
        return None
    fabric, found = fabric_of(context.fpga_board.fpga.family), []
    for name in context.model.recipes:
        budget = load_recipe(context.model, name).budget
        if budget and budget.lut_inputs == fabric.lut_inputs and _mapped(budget.lut, fabric) <= free:
            found.append((budget.lut, name))
    return "{1}, which keeps within {0:,} LUT".format(*max(found)) if found else None


def _mapped(lut: int, fabric: Fabric) -> float:
    """What so many LUTs of a budget, which counts those of the usual family, come to on another."""
    usual = fabric_of(USUAL)
    return lut * fabric.mapped / usual.mapped if fabric.lut_inputs == usual.lut_inputs else lut


def with_smaller_recipe(context: Context, error: CongestionError) -> CongestionError:
    """The error, and the recipe of the next smaller budget in LUTs, where the one that was built has a budget."""
    if context.request.file or not (own := context.recipe.budget):
        return error
    fabric = fabric_of(context.fpga_board.fpga.family)
    if own.lut_inputs != fabric.lut_inputs or not (recipe := _recipe_within(context, _mapped(own.lut, fabric) - 1)):
        return error
    return type(error)(f"{error}, or its recipe {recipe}")


def _fewer_bits(context: Context, graph: Graph) -> int | None:
    """The most bits, fewer than they have, with which the weights would bring the network onto its board."""
    weights = [node.op.weights for node in graph if isinstance(node.op, Linear)]
    most = max((signed_bits(int(values.min()), int(values.max())) for values in weights), default=0)
    steps = range(1 - most, 1 - _LEAST_BITS)
    return least(steps, lambda step: -step if _holds(context, graph, -step) else None) if steps else None


def _boards_that_hold(context: Context, graph: Graph) -> Iterator[str]:
    """Other boards, those of the same tools first, the smallest first."""
    boards = (board for name in list_boards() if isinstance(board := load_board(name), OpenBoard | AmdBoard))
    own = type(context.board)
    for board in sorted(boards, key=lambda board: (not isinstance(board, own), board.fpga.resources.lut)):
        if board.name != context.board.name and _holds(_moved(context, board), graph):
            yield board.name


def _moved(context: Context, board: FpgaBoard) -> Context:
    """The same build of another board, by our own RTL."""
    flow = "dataflow" if isinstance(board, AmdBoard) else "fpga_open"
    return replace(context, request=replace(context.request, board=board.name, flow=flow))


def _holds(context: Context, graph: Graph, weight_bits: int | None = None) -> bool:
    """Whether the board holds the network at any rate, or one of such weights."""
    slow = replace(context, request=replace(context.request, fps=_ANY_RATE))
    link = shell_of(slow.board).cost
    try:
        design = choose_for(slow, graph, link) if weight_bits is None else GraphDesign(graph, weight_bits)
        design.must_fit(slow, link)
    except (FitError, ModelError):
        return False
    return True
