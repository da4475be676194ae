"""The commands and their options; each command only resolves names and hands over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from toolchain.catalog import load_board
from toolchain.cli import EXIT_USAGE, completing, listing
from toolchain.cli import build as builds
from toolchain.cli import flash as flashing
from toolchain.cli.build_options import BoardName, BuildOptions, ModelName, NetworkFile, takes_build_options
from toolchain.cli.choose import choose, name_of_file, name_of_model
from toolchain.cli.following import after_build, after_flash, after_measure, after_run, tell_next
from toolchain.cli.offering import offer
from toolchain.cli.usage import for_snakemake
from toolchain.console import out
from toolchain.layout import build_root
from toolchain.report.show import shown

_STEPS, _BESIDES = "What one does, in this order", "And besides"

app = typer.Typer(
    name="gateweave",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Takes a trained network to an FPGA bitstream, [bold]bit-exact at every stage[/bold], with open "
    "tools only.\n\n[cyan]gateweave build[/cyan] alone builds the project's own network; from data of your own begin "
    "with [cyan]gateweave new[/cyan], with a network's file by [cyan]gateweave check[/cyan]. Each command ends by "
    "saying what comes next.",
)

Jobs = Annotated[int, typer.Option("--jobs", "-j", envvar="JOBS", min=1, help="Cores to use.")]
Package = Annotated[
    Path | None, typer.Option(envvar="PACKAGE", help="A package's folder; without it the newest build.")
]
Host = Annotated[str | None, typer.Option(envvar="HOST", help="user@address of a board that runs Linux.")]
Port = Annotated[str | None, typer.Option(envvar="PORT", help="Serial port, such as /dev/ttyUSB0.")]
Virtual = Annotated[bool, typer.Option("--virtual", envvar="VIRTUAL", help="The Verilated chip, no board.")]
Faults = Annotated[str, typer.Option(envvar="FAULTS", help="On a virtual board's line: bits=1e-4,lost=1e-5.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"gateweave {version('gateweave')}")
        raise typer.Exit


@app.callback()
def _of_all(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options before any command; the help of `app` stands in its definition."""
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(EXIT_USAGE)


_CORES = os.cpu_count() or 1
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": False}


@app.command("new", rich_help_panel=_STEPS)
def new_model(
    name: Annotated[str, typer.Argument(help="The folder to make, anywhere; its name is the model's.")],
    data: Annotated[
        str, typer.Option(envvar="DATA", help="An npz or CSV; a folder of IDX files, images or WAV files.")
    ],
    kind: Annotated[
        str | None,
        typer.Option(help="mlp, cnn, depthwise or residual; without it mlp for rows of numbers, cnn for the rest."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="The column or array that holds the class.")] = None,
    window: Annotated[int | None, typer.Option(min=2, help="Rows are steps of time; so many are one input.")] = None,
) -> None:
    """Begin a model: a folder with a network, a recipe, a README and a test that builds at once."""
    from toolchain.cli.new import new

    new(name, kind, data, label, window)


@app.command(context_settings=_PASS_ON, rich_help_panel=_STEPS)
@takes_build_options
def build(context: typer.Context, options: BuildOptions, jobs: Jobs = _CORES) -> None:
    """Build a board package: train, export, generate, verify, synthesise, implement, pack.

    Stages that are still valid are not run again. What follows `--` goes to Snakemake, for example
    [cyan]gateweave build -- --executor slurm --jobs 20[/cyan].
    """
    further = for_snakemake(context.args, sys.argv)
    if options.split:
        # NumPy and the like need a while, which no other build shall wait for.
        from toolchain.cli.parting import parted

        request = parted(options, options.split, jobs, out())
    else:
        request = choose(options)
    offer(context, options, out())
    if builds.build(request, "all", jobs, further):
        tell_next(out(), after_build(load_board(request.board), request))


@app.command(context_settings=_PASS_ON, rich_help_panel=_BESIDES)
@takes_build_options
def verify(context: typer.Context, options: BuildOptions, jobs: Jobs = _CORES) -> None:
    """Build, then run what was built as the board would: the routed chip, or the package under an emulator."""
    builds.verify(choose(options), jobs, for_snakemake(context.args, sys.argv))


@app.command(context_settings=_PASS_ON, rich_help_panel=_BESIDES)
@takes_build_options
def compare(context: typer.Context, options: BuildOptions, jobs: Jobs = _CORES) -> None:
    """Build, then train the float reference and the random split to compare with; on AMD boards make all cores."""
    builds.compare(choose(options), jobs, for_snakemake(context.args, sys.argv))


@app.command("check", rich_help_panel=_BESIDES)
def check_network(
    file: Annotated[Path, typer.Argument(help="A QONNX, ONNX or TFLite file.")],
    board: Annotated[
        str | None, typer.Option(help="One board; without it all of them.", autocompletion=completing.boards)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a network's file is made of and which boards can take it, and why not; build nothing.

    Exit status 1 where the board that was asked for cannot take it; without one, where it cannot be read as integers.
    """
    from toolchain.cli.check import check

    check(file, board, as_json)


@app.command("split", rich_help_panel=_BESIDES)
def split_network(
    file: Annotated[Path, typer.Argument(help="A network's file, or integer.onnx of a build or a package.")],
    at: Annotated[
        str | None, typer.Option(help="The node behind which to cut; without it the places are told.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the two parts.")] = Path("split"),
    test: Annotated[Path | None, typer.Option(help="An npz of inputs `x` to prove it on; else random ones.")] = None,
    board: Annotated[
        str | None, typer.Option(help="Whose line carries the activations.", autocompletion=completing.boards)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cut a network in two: a device computes the first part, its host the rest of the activations it gets.

    Prints, for each place where one tensor is all that the rest needs, its bytes, the operations on both sides, and the
    rate that a board's serial line carries. See docs/networks.md.
    """
    from toolchain.cli.split import Asked, split

    split(Asked(file, at, folder, test, board), as_json)


@app.command("quantise", rich_help_panel=_BESIDES)
def quantise_network(
    file: Annotated[Path, typer.Argument(help="A float ONNX file, or a checkpoint of a model's float network.")],
    calibrate: Annotated[Path, typer.Option(help="An npz of inputs `x`, and of classes `y` if they are known.")],
    model: Annotated[str | None, typer.Option(help="A checkpoint's model, by name or folder.")] = None,
    test: Annotated[Path | None, typer.Option(help="An npz to measure on; without it that of --calibrate.")] = None,
    bits: Annotated[
        list[str] | None, typer.Option(help="Such as W4A4; repeatable. Without it W8A8 and W4A4 are tried.")
    ] = None,
    train: Annotated[Path | None, typer.Option(help="An npz of `x` and `y` to fine-tune on.")] = None,
    epochs: Annotated[int, typer.Option(min=1, max=1000, help="How often to go through it.")] = 2,
    output: Annotated[Path | None, typer.Option("--out", help="The QONNX file to write.")] = None,
    divide: Annotated[float, typer.Option(help="What inputs are divided by before the network, such as 255.")] = 1.0,
    mean: Annotated[str, typer.Option(help="What is then taken off them; one number, or one a channel.")] = "0",
    std: Annotated[str, typer.Option(help="What they are then divided by; as --mean.")] = "1",
    board: Annotated[
        str, typer.Option(help="Whose LUTs and rate are estimated.", autocompletion=completing.boards)
    ] = "ulx3s",
    as_json: AsJson = False,
) -> None:
    """Quantise a trained float network without the program that trained it. See docs/quantise.md.

    Prints, for each number of bits: accuracy beside the float network's, measured on --test, LUTs and rate on the board
    (estimated), and what each layer costs in points; then which setting was written, and the command that builds it.
    """
    from toolchain.cli.quantise import Asked, quantise

    words = tuple(bits or ())
    quantise(Asked(file, model, calibrate, test, words, train, epochs, output, divide, mean, std, board), as_json)


@app.command(rich_help_panel=_BESIDES)
@takes_build_options
def plan(options: BuildOptions, as_json: AsJson = False) -> None:
    """Tell which stages a build would run, and why; run nothing."""
    builds.plan(choose(options), as_json)


@app.command(rich_help_panel=_BESIDES)
@takes_build_options
def show(options: BuildOptions, as_json: AsJson = False) -> None:
    """Show what a build came to: accuracy, resources, timing, files. The newest build, unless options choose one."""
    chosen = choose(options) if options.is_particular else None
    shown = builds.show(options.board, chosen.model if chosen else name_of_model(options.model), chosen, as_json)
    if not as_json:
        tell_next(out(), after_build(load_board(shown.board), shown))


@app.command("explain", rich_help_panel=_BESIDES)
@takes_build_options
def explain_build(
    folder: Annotated[Path | None, typer.Argument(help="A build's folder; without it as for `show`.")] = None,
    *,
    options: BuildOptions,
    as_json: AsJson = False,
) -> None:
    """Explain a build: which layer limits rate and size, what other foldings, more resources and boards would give."""
    from toolchain.cli.explain import explain, layout_to_explain

    chosen = choose(options) if options.is_particular else None
    model = "" if folder else chosen.model if chosen else name_of_model(options.model)
    explain(layout_to_explain(folder, options.board, model, chosen), as_json)


@app.command(rich_help_panel=_STEPS)
def flash(
    board: BoardName = "ulx3s",
    model: ModelName = "cqmlp",
    network: NetworkFile = None,
    package: Package = None,
    keep: Annotated[
        bool, typer.Option("--persist", envvar="PERSIST", help="Into flash memory: still there after power-off.")
    ] = False,
    cable: Annotated[str | None, typer.Option(envvar="CABLE", help="One of several, BUS:DEVICE.")] = None,
    host: Host = None,
) -> None:
    """Check a package's SHA-256, the cable and the FPGA, and load the bitstream; AMD boards by SSH."""
    name = _named(model, network)
    if flashing.flash(board, name, package, keep, cable, host):
        tell_next(out(), after_flash(board, name, host))


@app.command(rich_help_panel=_STEPS)
def run(
    board: BoardName = "ulx3s",
    model: ModelName = "cqmlp",
    network: NetworkFile = None,
    package: Package = None,
    port: Port = None,
    host: Host = None,
    virtual: Virtual = False,
    faults: Faults = "",
    count: Annotated[int | None, typer.Option(envvar="COUNT", min=1, help="Vectors to send; all without it.")] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(envvar="THRESHOLD", metavar="STAGE=LEAD", help="Of a network that decides (repeatable)."),
    ] = None,
    memory: Annotated[
        int | None, typer.Option(min=0, help="Earlier answers to keep; else the recipe's number.")
    ] = None,
    then: Annotated[
        Path | None,
        typer.Option(
            envvar="THEN", help="host.onnx of `gateweave split`, to go on from the answers; else the package's."
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            envvar="WIDTH", metavar="PERCENT", help="Of the channels, of a network that runs at several widths."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send the package's vectors through the board: every answer against golden, accuracy, and where the time goes."""
    # Imported here, as below: NumPy and the like need a while, which no other command shall wait for.
    from toolchain.cli.run import run as run_board

    name = _named(model, network)
    run_board(
        board,
        name,
        package,
        port=port,
        host=host,
        virtual=virtual,
        faults=faults,
        count=count,
        thresholds=tuple(threshold or ()),
        memory=memory,
        then=then,
        width=width,
        as_json=as_json,
    )
    if not as_json:
        tell_next(out(), after_run(board, name, host, virtual=virtual))


@app.command(rich_help_panel=_STEPS)
def measure(
    board: BoardName = "ulx3s",
    model: ModelName = "cqmlp",
    network: NetworkFile = None,
    package: Package = None,
    host: Host = None,
    port: Port = None,
    meter: Annotated[str | None, typer.Option(envvar="METER", help="A meter here: joulescope, ppk2, i2c:...")] = None,
    seconds: Annotated[float, typer.Option(min=10, help="Of each window, idle and active.")] = 10.0,
    repeats: Annotated[int, typer.Option(min=5, help="Accepted repeats wanted.")] = 5,
    sensor_root: Annotated[
        str | None, typer.Option(help="A tree of files for sensors, to try it: energy is `simulated`, time measured.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A sensor of the board whose power is the figure (repeatable: the sum).")
    ] = None,
    virtual: Virtual = False,
    as_json: AsJson = False,
) -> None:
    """Measure latency and energy of a package where it runs, or say that no sensor is there. See docs/measure.md."""
    from toolchain.cli.measure import How
    from toolchain.cli.measure import measure as measure_package

    how = How(host, port, meter, seconds, repeats, sensor_root, virtual, tuple(source or ()))
    measure_package(board, _named(model, network), package, how, as_json)
    if not as_json:
        tell_next(out(), after_measure())


@app.command(rich_help_panel=_BESIDES)
@takes_build_options
def ids(
    options: BuildOptions,
    capture: Annotated[Path | None, typer.Option(help="A capture to watch, in any format that training reads.")] = None,
    channel: Annotated[str | None, typer.Option(help="A bus: can0, interface:channel; or one in the capture.")] = None,
    pace: Annotated[float | None, typer.Option(help="Replay a capture so many times as fast as recorded.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many frames.")] = None,
    log: Annotated[Path | None, typer.Option(help="JSON lines; else build/<model>/<board>/ids/alerts.jsonl.")] = None,
    port: Port = None,
    quiet: Annotated[float, typer.Option(help="Seconds without a frame of an attack that end its alert.")] = 2.0,
    virtual: Virtual = False,
    faults: Faults = "",
) -> None:
    """Watch a CAN bus or a capture: the network judges each frame, attacks become alerts. See docs/ids.md."""
    from toolchain.can.live.opening import Watch
    from toolchain.cli.ids import ids as watch_frames

    watch_frames(options, Watch(capture, channel, pace, frames, log, port, quiet, virtual, faults))


def _named(model: str, network: str | None) -> str:
    """What was built: a model, or the network of a file."""
    return name_of_file(network) if network else name_of_model(model)


@app.command(rich_help_panel=_BESIDES)
def report() -> None:
    """Write one HTML page per build, report.html beside it, and build/report.html across all."""
    from toolchain.report.page import write_overview

    out().print(shown(write_overview(build_root(), lambda text: out().print(f"notice: {text}"))))


@app.command(rich_help_panel=_BESIDES)
def boards(as_json: AsJson = False) -> None:
    """List the boards."""
    listing.boards(as_json)


@app.command(rich_help_panel=_BESIDES)
def models(as_json: AsJson = False) -> None:
    """List the models and their recipes."""
    listing.models(as_json)


@app.command(rich_help_panel=_BESIDES)
def doctor(as_json: AsJson = False) -> None:
    """Check this machine: Python, packages against their pins, tools, disk."""
    listing.doctor(as_json)
