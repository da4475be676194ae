"""The commands and their options; each command only resolves names and hands over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from toolchain.cli import build as builds
from toolchain.cli import flash as flashing
from toolchain.cli import listing
from toolchain.cli.choose import choose
from toolchain.cli.wish import BoardName, ModelName, Wish, takes_wish

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

Jobs = Annotated[int, typer.Option("--jobs", "-j", envvar="JOBS", min=1, help="Cores to use.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_CORES = os.cpu_count() or 1
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": False}


@app.command(context_settings=_PASS_ON)
@takes_wish
def build(context: typer.Context, wish: Wish, jobs: Jobs = _CORES) -> None:
    """Build a board package: train, export, generate, verify, synthesise, implement, pack.

    Stages that are still valid are not run again. What follows `--` goes to Snakemake, for example
    [cyan]gateweave build -- --executor slurm --jobs 20[/cyan].
    """
    builds.build(choose(wish), "all", jobs, context.args)


@app.command(context_settings=_PASS_ON)
@takes_wish
def verify(context: typer.Context, wish: Wish, jobs: Jobs = _CORES) -> None:
    """Build, then run what was built as the board would: the routed chip, or the package under an emulator."""
    builds.verify(choose(wish), jobs, context.args)


@app.command()
@takes_wish
def plan(wish: Wish, as_json: AsJson = False) -> None:
    """Tell which stages a build would run, and why; run nothing."""
    builds.plan(choose(wish), as_json)


@app.command()
@takes_wish
def show(wish: Wish, as_json: AsJson = False) -> None:
    """Show what a build came to: accuracy, resources, timing, files. The newest build, unless options choose one."""
    builds.show(wish.board, wish.model, choose(wish) if wish.is_particular else None, as_json)


@app.command()
def flash(
    board: BoardName = "ulx3s",
    model: ModelName = "cqmlp",
    package: Annotated[Path | None, typer.Option(help="A package's folder; without it the newest build.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Into the board's flash: still there after power-off.")] = False,
) -> None:
    """Check a package's SHA-256 and load its bitstream; AMD boards load it themselves, and a hand-off is refused."""
    flashing.flash(board, model, package, keep)


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
