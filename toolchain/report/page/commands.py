"""The commands that a page tells its reader to run: those that work for its very build."""

from __future__ import annotations

import shlex

from toolchain.errors import BuildError
from toolchain.report.page.gather import Build
from toolchain.report.page.values import text
from toolchain.results.request import read_newest


def how_to_run(build: Build) -> str:
    """What sends the test set through the board, or what must be done before."""
    if text(build.manifest, "status") == "handoff":
        return "a hand-off: finish its bitstream by Vivado first."
    if build.layout.request.flow == "ort":
        return f"{_command(build, 'measure')} times it where it runs."
    return f"{_command(build, 'run')}."


def how_to_measure(build: Build) -> str:
    """What measures time and energy."""
    return _command(build, "measure")


def _command(build: Build, verb: str) -> str:
    request, layout = build.layout.request, build.layout
    words = ["make", verb, f"BOARD={request.board}", f"MODEL={request.model}"]
    if not _is_newest(build):
        words.append(f"PACKAGE={layout.root.name}/{layout.stage('package').relative_to(layout.root)}")
    if request.flow != "fpga_open" and request.board != "host":
        words.append("HOST=user@address")
    return shlex.join(words)


def _is_newest(build: Build) -> bool:
    """Whether the commands take this build without being told its package."""
    try:
        return read_newest(build.layout.latest) == build.layout.request
    except BuildError:
        return False
