"""`SPLIT=NODE`: a network is cut in two, the device's part is built, and the host's part lies in its package."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.text import Text

from toolchain.board import OrtBoard
from toolchain.catalog import load_board
from toolchain.cli.build import bring_network_up_to_date
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.cli.split import DEVICE, TEST, Asked, made
from toolchain.errors import ConfigError
from toolchain.files import unwritten
from toolchain.graph.file.store import load_graph
from toolchain.graph.golden_vectors import Golden
from toolchain.layout import Layout, Request, layout_of, plain_name
from toolchain.results.split import HOST_PART

INTEGER = "integer.onnx"


@dataclass(frozen=True)
class _Whole:
    """A network before it is cut: its file, an npz that it is proved on, if any, and where its parts go."""

    file: Path
    test: Path | None
    layout: Layout


def parted(options: BuildOptions, node: str, jobs: int, console: Console) -> Request:
    """Cut a network behind a node, both parts proved against the whole; the build of the device's part.

    A model is trained first, if it has not been.

    Raises:
        ConfigError: the options do not go with it.
        ModelError: it cannot be cut there; names the nodes where it can.
        VerificationError: the parts answer otherwise than the whole.
        GateweaveError: the network could not be made.
    """
    if isinstance(load_board(options.board), OrtBoard):
        raise ConfigError(f"SPLIT: board {options.board} runs the whole network; name a board with an FPGA or less")
    if options.calibration or options.then:
        raise ConfigError("SPLIT: does not go with CALIBRATION or THEN; give the network as integers")
    with TemporaryDirectory(prefix="gateweave-") as name:
        whole = _of_file(options) if options.network or options.onnx else _of_model(options, jobs, console, Path(name))
        found = made(Asked(whole.file, node, Path(name) / "parts", whole.test, options.board))
        folder = whole.layout.network_dir / "split" / plain_name(node)
        device = f"{whole.layout.request.model}-{plain_name(node)}.onnx"
        for part, kept in ((DEVICE, device), (HOST_PART, HOST_PART), (TEST, TEST)):
            _keep(Path(name) / "parts" / part, folder / kept)
    kind = "random vectors" if found.kind == "random" else "test vectors"
    said = f"split behind {node}: device then host = the whole network, every output, on {found.compared:,} {kind}"
    console.print(Text(f"{said}; the device's part is MODEL={Path(device).stem}"), soft_wrap=True)
    return choose(
        replace(
            options,
            model=BuildOptions.model,
            recipe=None,
            data=None,
            network=str(folder / device),
            onnx=None,
            # Random inputs are no test set: a build has its own.
            test=None if found.kind == "random" else str(folder / TEST),
            split=None,
            then=str(folder / HOST_PART),
        )
    )


def _of_file(options: BuildOptions) -> _Whole:
    request = choose(replace(options, split=None))
    return _Whole(Path(str(request.file)), Path(request.test) if request.test else None, layout_of(request))


def _of_model(options: BuildOptions, jobs: int, console: Console, folder: Path) -> _Whole:
    """A model's network as its training leaves it, whatever the board can hold of it, and the test set."""
    network = BuildOptions("host", options.model, options.recipe, options.data)
    layout = layout_of(choose(network))
    bring_network_up_to_date(layout, jobs, console)
    file, golden = layout.stage("streamline") / INTEGER, Golden.load(layout.golden)
    graph = load_graph(file)
    shape = graph.types[graph.sole_input].shape
    np.savez(folder / TEST, x=golden.x.reshape(-1, *shape).astype(np.float32), y=golden.truth)
    return _Whole(file, folder / TEST, layout)


def _keep(path: Path, target: Path) -> None:
    """Put a file in its place; one that is there with the same bytes stays."""
    try:
        if target.is_file() and target.read_bytes() == path.read_bytes():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(path.read_bytes())
        os.replace(part, target)
    except OSError as error:
        raise unwritten(target, error) from error
