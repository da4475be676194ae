"""The options that choose a build, shared by all commands that take one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any

import typer

from toolchain.cli import completing
from toolchain.layout import OUTPUT_KINDS, STRATEGIES

BoardName = Annotated[
    str,
    typer.Option(
        "--board",
        "-b",
        envvar="BOARD",
        help="A folder of boards/; `gateweave boards` lists them.",
        autocompletion=completing.boards,
    ),
]
ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        envvar="MODEL",
        help="A name that `gateweave models` lists, or a folder anywhere.",
        autocompletion=completing.models,
    ),
]
NetworkFile = Annotated[
    str | None,
    typer.Option("--network", envvar=["NETWORK", "ONNX"], help="The file that was built, in place of a model."),
]


@dataclass(frozen=True)
class BuildOptions:
    """What a person typed, unchecked; the fields are the options. See `toolchain.cli.choose`."""

    board: BoardName = "ulx3s"
    model: ModelName = "cqmlp"
    recipe: Annotated[
        str | None,
        typer.Option(
            envvar="RECIPE",
            help="How to train: a file of the model's recipes/; without it `default`.",
            autocompletion=completing.recipes,
        ),
    ] = None
    data: Annotated[
        str | None,
        typer.Option(
            envvar="DATA",
            help="Real data: a folder of captures, or a file; without it the recipe's, or synthetic data.",
        ),
    ] = None
    strategy: Annotated[
        str | None,
        typer.Option(
            envvar="STRATEGY",
            help=f"How our own RTL builds layers: {' or '.join(STRATEGIES)}.",
            autocompletion=completing.one_of(*STRATEGIES),
        ),
    ] = None
    flow: Annotated[
        str | None,
        typer.Option(
            envvar="FLOW",
            help="AMD boards: `finn`, the default there, or `dataflow`, our own RTL.",
            autocompletion=completing.one_of("finn", "dataflow"),
        ),
    ] = None
    fps: Annotated[
        str | None,
        typer.Option(
            envvar="FPS",
            help="Inferences per second to aim at, or `max`; without it the board's own target, or the recipe's `fps` "
            "where that is lower.",
        ),
    ] = None
    clock: Annotated[
        str | None,
        typer.Option(
            envvar="CLOCK",
            help="Open boards: MHz that the design must run at, the crystal's or the PLL's; without it the fastest of "
            "the board's choices that the routed design bears.",
        ),
    ] = None
    network: Annotated[
        str | None,
        typer.Option(envvar="NETWORK", help="A network of your own in place of a model: a QONNX, ONNX or TFLite file."),
    ] = None
    onnx: Annotated[
        str | None,
        typer.Option(envvar="ONNX", help="The same as NETWORK."),
    ] = None
    test: Annotated[
        str | None,
        typer.Option(
            envvar="TEST",
            help="Inputs that such a file is proved on: an npz file with `x`, and the classes `y` for its accuracy; "
            "without it random ones over the input's whole range.",
        ),
    ] = None
    calibration: Annotated[
        str | None,
        typer.Option(envvar="CALIBRATION", help="Inputs to calibrate a float ONNX file on: an npz file."),
    ] = None
    outputs: Annotated[
        str | None,
        typer.Option(
            envvar="OUTPUTS",
            help="What the file's outputs are: `classes` (labels must agree) or `values` (numbers must); without "
            "it as the model and `y` of TEST or CALIBRATION say.",
            autocompletion=completing.one_of(*OUTPUT_KINDS),
        ),
    ] = None
    wheels: Annotated[
        bool,
        typer.Option("--wheels", envvar="WHEELS", help="Put the Python wheels into the package, to install offline."),
    ] = False

    vectors: Annotated[
        int | None,
        typer.Option(
            envvar="VECTORS",
            min=32,
            help="Vectors that a large core is simulated on; without it as many as Verilator runs in five minutes.",
        ),
    ] = None
    toggles: Annotated[
        bool,
        typer.Option(
            "--toggles", envvar="TOGGLES", help="Count in the simulation how many bits change, to compare energy."
        ),
    ] = False

    split: Annotated[
        str | None,
        typer.Option(
            envvar="SPLIT",
            metavar="NODE",
            help="Cut the network behind this node: the board computes what stands before it, its host the rest.",
        ),
    ] = None
    then: Annotated[
        str | None,
        typer.Option(
            envvar="THEN",
            metavar="FILE",
            help="With NETWORK, host.onnx of `gateweave split`: the package holds it, and `run` goes on with it.",
        ),
    ] = None

    @property
    def is_particular(self) -> bool:
        """Whether it asks for one variant, and not just for a board and a model."""
        named = (f.name for f in fields(self) if f.name not in {"board", "model", "wheels", "toggles"})
        return any(getattr(self, name) for name in named)


def takes_build_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `BuildOptions`; it gets them as one parameter `options`."""
    shared = list(inspect.signature(BuildOptions, eval_str=True).parameters.values())
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "options"]

    def call(**given: Any) -> None:
        options = BuildOptions(**{parameter.name: given.pop(parameter.name) for parameter in shared})
        command(options=options, **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    call.__signature__ = inspect.Signature([p.replace(kind=keyword) for p in (*own[:1], *shared, *own[1:])])  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call
