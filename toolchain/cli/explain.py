"""`gateweave explain`: what limits a build, and what would change that; the answer is kept in the build's folder."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.text import Text

from toolchain.catalog import load_board
from toolchain.cli.choose import must_know_model
from toolchain.cli.following import after_explain, tell_next
from toolchain.cli.orders import environment
from toolchain.console import out
from toolchain.errors import BuildError
from toolchain.layout import Layout, Request, layout_of
from toolchain.report.explanation import tables
from toolchain.report.show import latest_layout
from toolchain.results.again import build_command
from toolchain.results.built import read_built
from toolchain.results.explained import EXPLANATION, Explanation
from toolchain.results.model import parse, write_file
from toolchain.results.request import read_request

_FAILED = 3
"""Exit status of `python -m flows.explain` where a person can mend what is wrong; its last line says it."""


def explain(layout: Layout, as_json: bool) -> None:
    """Print the explanation of a build, and keep it in its folder, where its page finds it.

    Raises:
        BuildError: it has not been built, or its records are gone or of another version.
    """
    console = out()
    made = explained(layout, None if as_json else console)
    if as_json:
        print(json.dumps(made.to_json(), indent=2))
    else:
        tell(made, console)
        tell_next(console, after_explain(made, layout.request))


def tell(made: Explanation, console: Console) -> None:
    """Print an explanation."""
    for part in tables(made):
        console.print()
        console.print(part, soft_wrap=isinstance(part, Text))


def explained(layout: Layout, console: Console | None = None) -> Explanation:
    """The explanation of a build, kept in its folder.

    Args:
        console: where to say what is waited for.

    Raises:
        BuildError: as `explain`.
    """
    # Said here, before a process is started that would say the same.
    read_built(layout)
    wait = console.status("searching other foldings") if console else nullcontext()
    with wait:
        made = _asked(layout)
    write_file(layout.variant_dir / EXPLANATION, made)
    return made


def layout_to_explain(folder: Path | None, board: str, model: str, chosen: Request | None) -> Layout:
    """The build that is meant: a folder's, the chosen one, or the newest.

    Raises:
        ConfigError: there is no such board or model.
        BuildError: the folder is no build's, or nothing was built.
    """
    if folder is not None:
        return _layout_in(folder)
    load_board(board)
    if chosen is not None:
        return layout_of(chosen)
    must_know_model(model)
    return latest_layout(board, model)


def _layout_in(folder: Path) -> Layout:
    """The build of a folder such as build/cqmlp/ulx3s/default-folded, or of the package in it."""
    home = folder.resolve()
    home = home.parent if home.name == "package" else home
    if not (home / "request.json").is_file():
        raise BuildError(f"{folder}: no folder of a build; give one such as build/cqmlp/ulx3s/default-folded")
    layout = Layout(read_request(home / "request.json"), home.parents[2])
    if layout.variant_dir != home:
        raise BuildError(
            f"{folder}: request.json in it is of {layout.request.variant}; the folder was renamed or moved"
        )
    return layout


def _asked(layout: Layout) -> Explanation:
    command = [sys.executable, "-m", "flows.explain", str(layout.root), str(layout.request_file)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["no message"]
    if done.returncode == _FAILED:
        raise BuildError(lines[-1])
    if done.returncode:
        raise BuildError(f"{layout.variant_dir}: cannot be explained: {lines[-1]}")
    return parse(json.loads(lines[-1]), Explanation, "flows.explain", build_command(layout.request))
