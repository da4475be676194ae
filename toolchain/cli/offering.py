"""What there is to build, for whoever asked for nothing in particular."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from typer import Context

from toolchain.catalog import list_boards
from toolchain.cli.build_options import BuildOptions
from toolchain.console import typeable
from toolchain.found_models import find_models

_ASKED_FOR = ("board", "model", "network", "onnx")


def offer(context: Context, options: BuildOptions, console: Console) -> None:
    """Say what is built where neither a board nor a network was named, and what else could be.

    Args:
        context: of the command: it knows which options were given, by words or by the environment.
    """
    sources = (context.get_parameter_source(name) for name in _ASKED_FOR)
    if any(source is not None and source.name in {"COMMANDLINE", "ENVIRONMENT"} for source in sources):
        return
    models = dict.fromkeys(model.name for model in find_models())
    known = [
        f"no board and no network was named: this is BOARD={options.board} MODEL={options.model}",
        f"boards  {', '.join(list_boards())}",
        f"models  {', '.join(models)}; a folder of yours; or a network's file by NETWORK=",
        "what they are: `make boards`, `make models`; from data of your own: `gateweave new --help`",
    ]
    for line in known:
        console.print(Text(typeable(line), style="dim"), soft_wrap=True)
