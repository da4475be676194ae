"""Starts a virtual board as a program of its own: the Verilated chip of a build behind a pseudo-terminal."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from toolchain.board import OpenBoard
from toolchain.errors import BuildError, ToolError
from toolchain.files import can_be_written
from toolchain.layout import ROOT, Layout
from toolchain.told import Told, parsed
from toolchain.virtual_line import Virtual

_GRACE_SECONDS = 15.0
# After so many seconds without its port, a person is told what takes so long.
_QUIET_SECONDS = 3.0
_MOST_EVENTS = 1 << 63


@contextmanager
def virtual_board(generated: Path, work: Path, *, baud: int, faults: str = "") -> Iterator[Virtual]:
    """A virtual board for the time of a `with`.

    Args:
        generated: folder of the generate stage.
        work: folder of the compiled simulator, kept between runs.
        faults: such as "bits=1e-4,lost=1e-5"; see `hls.virtual_board.Faults`.

    Raises:
        BuildError: the chip's Verilog is not there.
        ToolError: it cannot be simulated, or the faults are none; the message is the program's own.
    """
    if not (generated / "chip.json").is_file():
        raise BuildError(f"{generated}: the chip's Verilog is not there; run `make build` first")
    command = [sys.executable, "-m", "hls.virtual_board", str(generated.resolve()), "--work", str(work.resolve())]
    command += ["--baud", str(baud), "--faults", faults]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the driver, which then ends the board in good order.
        start_new_session=True,
    )
    try:
        yield (board := Virtual(_port(process)))
        told, _ = process.communicate(timeout=_GRACE_SECONDS)
        done = Told(parsed(told))
        board.done = {name: done.whole(name, 0, _MOST_EVENTS) for name in done.value}
    finally:
        # Its simulator ends by itself when its standard input does.
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()


@contextmanager
def virtual_board_of(layout: Layout, board: OpenBoard, faults: str = "") -> Iterator[Virtual]:
    """The virtual board of a build; see `virtual_board`. A build that may not be written keeps no simulator."""
    work = layout.variant_dir / "work" / "virtual"
    with ExitStack() as stack:
        if not can_be_written(work):
            work = Path(stack.enter_context(TemporaryDirectory(prefix="gateweave-")))
        chip = virtual_board(layout.stage("generate"), work, baud=board.host_link.baud, faults=faults)
        yield stack.enter_context(chip)


def _port(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], _QUIET_SECONDS)[0]:
        told = "virtual board: compiling its chip, once for each build; a large one takes minutes ..."
        print(told, file=sys.stderr, flush=True)
    port = process.stdout.readline().strip()
    if not port:
        _, said = process.communicate()
        raise ToolError(f"virtual board: {said.strip().removeprefix('error: ').splitlines()[-1] if said else 'ended'}")
    return port
