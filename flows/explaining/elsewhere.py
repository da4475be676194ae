"""What the nearest other boards would give a network, by our own RTL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from flows.stages.context import Context
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.shell import shell_of
from toolchain.board import AmdBoard, FpgaBoard, McuBoard, OpenBoard, OrtBoard
from toolchain.catalog import list_boards, load_board
from toolchain.errors import FitError, ModelError
from toolchain.graph.graph import Graph
from toolchain.results.checked import Verdict
from toolchain.results.explained import Elsewhere

_Why = Literal["nearest larger", "nearest smaller", "nearest FPGA", "the same board"]


def elsewhere(context: Context, graph: Graph) -> tuple[Elsewhere, ...]:
    """The next larger and the next smaller board; of FINN's the same by our own RTL; of a processor's the next FPGA."""
    return tuple(
        Elsewhere(why=why, verdict=_verdict(context, graph, board, flow)) for why, board, flow in _places(context)
    )


def _places(context: Context) -> Iterator[tuple[_Why, FpgaBoard, str]]:
    own, boards = context.board, _fpga_boards()
    if isinstance(own, OrtBoard | McuBoard):
        # The largest of those that need no vendor's tool.
        board = [board for board in boards if not isinstance(board, AmdBoard)][-1]
        yield "nearest FPGA", board, _flow(board)
        return
    if context.request.flow != _flow(own):
        yield "the same board", own, _flow(own)
    size = own.fpga.resources.lut
    larger = [board for board in boards if board.fpga.resources.lut > size]
    smaller = [board for board in boards if board.fpga.resources.lut < size]
    if larger:
        yield "nearest larger", larger[0], _flow(larger[0])
    if smaller:
        yield "nearest smaller", smaller[-1], _flow(smaller[-1])


def _fpga_boards() -> list[FpgaBoard]:
    """All with an FPGA, the smallest first."""
    boards = (board for name in list_boards() if isinstance(board := load_board(name), OpenBoard | AmdBoard))
    return sorted(boards, key=lambda board: (board.fpga.resources.lut, board.name))


def _flow(board: FpgaBoard) -> str:
    return "dataflow" if isinstance(board, AmdBoard) else "fpga_open"


def _verdict(context: Context, graph: Graph, board: FpgaBoard, flow: str) -> Verdict:
    moved = replace(context.request, board=board.name, flow=flow, fps="max", clock=None)
    there, link = replace(context, request=moved), shell_of(board).cost
    try:
        made = choose_for(there, graph, link).reckon(there, link)
    except (FitError, ModelError) as error:
        return Verdict(board=board.name, flow=flow, takes=False, why=str(error))
    words = "as a core of units" if made.core == "units" else "as a chain of dense layers"
    return Verdict(board=board.name, flow=flow, takes=True, why=words, estimate=made)
