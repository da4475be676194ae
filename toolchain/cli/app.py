"""The commands and their options; each command only resolves names and hands over."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from toolchain.cli import build as builds
from toolchain.cli import listing
from toolchain.cli.choose import choose
from toolchain.layout import STRATEGIES, Request

app = typer.Typer(
    name="gateweave",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Takes a trained network to an FPGA bitstream, [bold]bit-exact at every stage[/bold], with open "
    "tools only.\n\nStart with [cyan]gateweave build[/cyan]; [cyan]gateweave show[/cyan] then tells what "
    "came out, [cyan]gateweave plan[/cyan] what a build would redo and why.",
)

Board = Annotated[
    str,
    typer.Option("--board", "-b", envvar="BOARD", help="A folder of boards/; `gateweave boards` lists them."),
]
Model = Annotated[
    str,
    typer.Option("--model", "-m", envvar="MODEL", help="A folder of models/; `gateweave models` lists them."),
]
Recipe = Annotated[str, typer.Option(envvar="RECIPE", help="How to train: a file of models/<model>/recipes/.")]
Data = Annotated[
    str | None,
    typer.Option(envvar="DATA", help="Folder of real captures; without it the model makes synthetic data."),
]
Strategy = Annotated[
    str,
    typer.Option(envvar="STRATEGY", help=f"How to build layers: {' or '.join(STRATEGIES)}."),
]
Flow = Annotated[
    str | None,
    typer.Option(envvar="FLOW", help="How an AMD board is built: finn (the default there) or dataflow, our own RTL."),
]
Fps = Annotated[
    str | None,
    typer.Option(
        envvar="FPS",
        help="Inferences per second to aim at, or `max`; without it the board's own target.",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", envvar="JOBS", min=1, help="Cores to use.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_CORES = os.cpu_count() or 1
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": False}


@app.command(context_settings=_PASS_ON)
def build(
    context: typer.Context,
    board: Board = "ulx3s",
    model: Model = "cqmlp",
    recipe: Recipe = "default",
    data: Data = None,
    strategy: Strategy = "folded",
    fps: Fps = None,
    flow: Flow = None,
    jobs: Jobs = _CORES,
) -> None:
    """Build a board package: train, export, fold, generate, simulate, synthesise, route, pack.

    Stages that are still valid are not run again. What follows `--` goes to Snakemake, for example
    [cyan]gateweave build -- --executor slurm --jobs 20[/cyan].
    """
    request = choose(board, model, recipe, data, strategy, fps, flow)
    builds.build(request, "all", jobs, context.args)


@app.command(context_settings=_PASS_ON)
def verify(
    context: typer.Context,
    board: Board = "ulx3s",
    model: Model = "cqmlp",
    recipe: Recipe = "default",
    data: Data = None,
    strategy: Strategy = "folded",
    fps: Fps = None,
    flow: Flow = None,
    jobs: Jobs = _CORES,
) -> None:
    """Build, then run the chip as placed and routed, or as read back from its bitstream."""
    request = choose(board, model, recipe, data, strategy, fps, flow)
    builds.build(request, "all_verified", jobs, context.args)


@app.command()
def plan(
    board: Board = "ulx3s",
    model: Model = "cqmlp",
    recipe: Recipe = "default",
    data: Data = None,
    strategy: Strategy = "folded",
    fps: Fps = None,
    flow: Flow = None,
    as_json: AsJson = False,
) -> None:
    """Tell which stages a build would run, and why; run nothing."""
    builds.plan(choose(board, model, recipe, data, strategy, fps, flow), as_json)


@app.command()
def show(
    board: Board = "ulx3s",
    model: Model = "cqmlp",
    recipe: Annotated[str | None, typer.Option(envvar="RECIPE")] = None,
    data: Data = None,
    strategy: Annotated[str | None, typer.Option(envvar="STRATEGY")] = None,
    fps: Fps = None,
    flow: Flow = None,
    as_json: AsJson = False,
) -> None:
    """Show what a build came to: accuracy, resources, timing, files. The newest build, unless options choose one."""
    chosen: Request | None = None
    if recipe or data or strategy or fps or flow:
        chosen = choose(board, model, recipe or "default", data, strategy or "folded", fps, flow)
    builds.show(board, model, chosen, as_json)


@app.command()
def boards(as_json: AsJson = False) -> None:
    """List the boards."""
    listing.boards(as_json)


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models and their recipes."""
    listing.models(as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check this machine: Python, packages against their pins, tools, disk."""
    listing.doctor(as_json)
