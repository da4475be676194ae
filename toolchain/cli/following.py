"""What one would do next: the last lines of each command that a person reads. What comes after what is decided here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from toolchain.board import AmdBoard, AnyBoard, McuBoard, OpenBoard, OrtBoard
from toolchain.catalog import load_board
from toolchain.console import typeable
from toolchain.layout import Request
from toolchain.results.again import build_command, build_words
from toolchain.results.explained import Explanation
from toolchain.results.quantised import Quantised
from toolchain.results.split import Split


@dataclass(frozen=True)
class Next:
    """A command, and what it is for."""

    command: str
    why: str


ENOUGH_FPS = 10_000
"""More inferences a second than a sensor or a host link gives, few enough for small hardware that is soon routed."""

# The share of a device from which it takes long to place and route what a slower rate would make smaller.
_LARGE = 0.2
_ALIGNED = 60
"""A longer command moves no other's reason to the right, where a terminal would break it."""

_PAGE = Next("make report", "a page of each build, and one that compares them")


def tell_next(console: Console, steps: Sequence[Next]) -> None:
    """Print them, one a line."""
    commands = [typeable(step.command) for step in steps]
    width = min(_ALIGNED, max(map(len, commands), default=0))
    for number, (command, step) in enumerate(zip(commands, steps, strict=True)):
        line = Text("      " if number else "next  ", style="dim") + Text(command.ljust(width), style="cyan")
        console.print(line + Text(f"  {typeable(step.why)}", style="dim"), soft_wrap=True)


def after_build(board: AnyBoard, request: Request) -> list[Next]:
    """Of a build whose package is whole."""
    chosen = f"NETWORK={shlex.quote(request.file)}" if request.file else _model(request.folder or request.model)
    which = f"BOARD={request.board} {chosen}"
    return [*_tried(board, which, _this(board, request, which)), _PAGE]


def after_new(folder: str) -> list[Next]:
    """Of a model's folder that was just written, by the name that a person gave it."""
    return [Next(f"gateweave build --board ulx3s --model {shlex.quote(folder)}", "train it, down to a bitstream")]


def after_check(file: Path, board: str | None) -> list[Next]:
    """Of a network's file that a board can take."""
    name = shlex.quote(str(file))
    if board is None:
        return [Next(f"gateweave check {name} --board ulx3s", "what it takes there, and how fast it is: estimates")]
    return [Next(f"make build BOARD={board} NETWORK={name}", "TEST=file.npz beside it: x, y to prove it on")]


def after_quantise(made: Quantised) -> list[Next]:
    """Of a quantised network's file that was written; it is proved on what it was measured on."""
    chosen = f"BOARD={made.board or 'host'} NETWORK={shlex.quote(made.file)} TEST={shlex.quote(made.tested)}"
    steps = [Next(f"make build {chosen}", "down to what the board is given")]
    found = next((setting.estimate for setting in made.settings if setting.written), None)
    if found and found.reaches and found.fps > 2 * ENOUGH_FPS and found.chip.lut > _LARGE * found.board.lut:
        steps.append(Next(f"make build {chosen} FPS={ENOUGH_FPS}", "slower, but smaller and much sooner routed"))
    return steps


def after_split(made: Split) -> list[Next]:
    """Of a network that was cut, or could be."""
    if made.device is None or made.host is None or made.test is None or made.host_test is None:
        name = made.places[0].node if made.places else "NODE"
        return [Next(f"gateweave split {shlex.quote(made.file)} --at {shlex.quote(name)}", "write both parts")]
    board = made.board or "ulx3s"
    values = " OUTPUTS=values" if isinstance(load_board(board), OrtBoard) else ""
    device = f"NETWORK={shlex.quote(made.device)}{values} TEST={shlex.quote(made.test)}"
    host = f"NETWORK={shlex.quote(made.host)} TEST={shlex.quote(made.host_test)}"
    return [
        Next(f"make build BOARD={board} {device}", "the device answers with the activations"),
        Next(
            f"gateweave run --board {board} --network {shlex.quote(made.device)} --then {shlex.quote(made.host)}",
            "both, one behind the other; --virtual without a board",
        ),
        Next(f"make build BOARD=host {host}", "C and graphs of what the host computes of them"),
    ]


def after_flash(board: str, model: str, host: str | None) -> list[Next]:
    """Of a bitstream that was loaded."""
    return [Next(f"make run {_built(board, model)}{_at(host)}", "its answers against the network's, vector by vector")]


def after_run(board: str, model: str, host: str | None, *, virtual: bool) -> list[Next]:
    """Of a run whose answers were right."""
    if virtual and isinstance(load_board(board), McuBoard):
        return [_PAGE]
    command = f"make measure {_built(board, model)}{' VIRTUAL=1' if virtual else _at(host)}"
    return [Next(command, "time of an inference, and energy where a sensor is"), _PAGE]


def after_explain(made: Explanation, request: Request) -> list[Next]:
    """Of an explanation: the next faster folding where it fits, at the same clock; its page shows the rest."""
    faster = next((way for way in made.ways if way.name == "next faster" and not way.lacks), None)
    if faster is None:
        return [_PAGE]
    clock = made.clock_mhz if request.flow == "fpga_open" else None
    words = build_command(replace(request, fps=float(math.floor(faster.fps)), clock=clock))
    return [Next(words, f"the next faster folding: {faster.fps:,.0f}/s (estimated)"), _PAGE]


def after_measure() -> list[Next]:
    """Of a measurement that was kept."""
    return [_PAGE]


def _this(board: AnyBoard, request: Request, which: str) -> str:
    """The words that ask for this very build, where those of its board and network ask for another."""
    plain = Request(request.board, request.model, folder=request.folder, flow=board.flows[0], wheels=request.wheels)
    return which if request == plain else build_words(request)


def _tried(board: AnyBoard, which: str, this: str) -> list[Next]:
    """How a package is tried: without a board, then on one.

    Args:
        which: names the newest build of a network; this: the very build, for commands that may make another.
    """
    if isinstance(board, OpenBoard):
        return [
            Next(f"make run {which} VIRTUAL=1", "its answers from the Verilated chip, without a board"),
            Next(f"make flash {which}", "load it into the board at this computer; then `make run`"),
            Next(f"make explain {this}", "which layer limits it, and what more or another board would give"),
        ]
    if isinstance(board, McuBoard):
        return [
            Next(f"make run {which} VIRTUAL=1", "its answers from the emulated program, without a board"),
            Next(f"make verify {this}", "make the packed program again, and run the packed one emulated"),
        ]
    if isinstance(board, AmdBoard):
        return [Next(f"make flash {which} HOST=user@address", "once Vivado has made the bitstream: package/README.md")]
    if board.name == "host":
        return [Next(f"make measure {which}", "time and energy on this computer")]
    return [
        Next(f"make verify {this}", "run the package under an emulator"),
        Next(f"make measure {which} HOST=user@address", "time and energy on the board"),
    ]


def _built(board: str, model: str) -> str:
    """The variables that name the newest build of a network for a board."""
    return f"BOARD={board} {_model(model)}"


def _model(name: str) -> str:
    return f"MODEL={shlex.quote(name)}"


def _at(host: str | None) -> str:
    return f" HOST={shlex.quote(host)}" if host else ""
