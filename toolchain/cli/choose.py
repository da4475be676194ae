"""Turns what a person typed into a checked request, before any work is done."""

from __future__ import annotations

import math
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.board import AmdBoard, AnyBoard, McuBoard, OpenBoard
from toolchain.catalog import Model, list_boards, load_board, load_model, load_recipe
from toolchain.cli.build_options import BuildOptions
from toolchain.errors import BuildError, ConfigError, DataError, ToolError
from toolchain.files import why_absent
from toolchain.found_models import find_model, is_folder
from toolchain.fpga.clocks import must_be_had
from toolchain.fpga.pll import MHZ
from toolchain.layout import OUTPUT_KINDS, STRATEGIES, OutputKind, Request, build_root, plain_name
from toolchain.microcontroller.cores import CORES
from toolchain.model_origin import must_have_its_name
from toolchain.vivado.find import find_vivado
from toolchain.yaml_file import near_matches

if TYPE_CHECKING:
    from toolchain.training.recipe import Recipe

_NEEDED_BYTES = 300 << 20
_PROGRAMS = {"g++": "g++", "make": "make", "perl": "perl"}
_PROGRAMS_OF_FLOW = {"ort": {"aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"}}


def choose(options: BuildOptions) -> Request:
    """Check every choice and return the request.

    Raises:
        ConfigError: a name, YAML file, strategy, flow or rate that cannot be used, or options that exclude each other.
        DataError: a file or folder of data cannot be used.
    """
    _must_be_text("the folder of builds", str(build_root()))
    board = load_board(options.board)
    flow = _flow(options.board, board.flows, options.flow)
    if options.split:
        raise ConfigError("SPLIT: is for `make build`, which names the build of the device's part: MODEL=<name>")
    if options.calibration or options.outputs or options.wheels:
        _must_run_onnx(options, flow)
    if options.network or options.onnx:
        return _third_party(options, board, flow)
    for option in ("test", "calibration", "outputs", "then"):
        if getattr(options, option):
            raise ConfigError(f"{option.upper()}: is for a network of your own; name its file with NETWORK=")
    recipe = options.recipe or "default"
    model = load_model(options.model)
    read = load_recipe(model, recipe)
    section = read.data
    _must_know_beside(model, recipe, read)
    strategy = _strategy(options.strategy)
    data, fps = _data(options.data, model, section, recipe), _rate(options.fps)
    request = Request(
        options.board,
        model.name,
        recipe,
        data,
        strategy,
        fps,
        flow,
        wheels=options.wheels,
        vectors=options.vectors,
        clock=_clock(board, options.clock),
        folder=str(model.path) if model.is_outside else None,
        toggles=_toggles(options, flow),
    )
    must_have_its_name(model)
    if request.network in list_boards():
        raise ConfigError(f"RECIPE: {recipe!r} is also a board's name; rename the recipe")
    return request


def _must_know_beside(model: Model, name: str, recipe: Recipe) -> None:
    """Refuse a network to be shown beside that there is no recipe of."""
    if recipe.decision is None or (beside := recipe.decision.beside) is None:
        return
    try:
        load_recipe(load_model(beside.model), beside.recipe or name)
    except ConfigError as error:
        raise ConfigError(f"{model.shown}/recipes/{name}.yaml: decision.beside: {error}") from error


def _toggles(options: BuildOptions, flow: str) -> bool:
    if options.toggles and flow not in {"fpga_open", "dataflow"}:
        raise ConfigError(f"TOGGLES: counts in the simulation of our own RTL, and FLOW={flow} has none; leave it out")
    return options.toggles


def _strategy(chosen: str | None) -> str:
    strategy = chosen or STRATEGIES[0]
    if strategy not in STRATEGIES:
        near = near_matches(strategy, STRATEGIES)
        raise ConfigError(f"STRATEGY: {strategy!r}: should be one of {', '.join(STRATEGIES)}{near}")
    return strategy


def _must_run_onnx(options: BuildOptions, flow: str) -> None:
    if flow != "ort":
        runners = [name for name in list_boards() if "ort" in load_board(name).flows]
        option = next(name for name in ("calibration", "outputs", "wheels") if getattr(options, name))
        raise ConfigError(
            f"{option.upper()}: board {options.board} has no ONNX Runtime; use one of {', '.join(runners)}"
        )


def name_of_model(said: str) -> str:
    """The name of the builds of a model, which a person may name by its folder.

    Raises:
        ConfigError: it is no model's folder, or the builds of its name are of another.
        BuildError: it has no builds.
    """
    if not is_folder(said):
        return said
    model = find_model(said)
    must_have_its_name(model)
    if not _has_builds(model.name):
        raise BuildError(f"{said} has not been built yet; run `make build MODEL={shlex.quote(str(model.path))}`")
    return model.name


def must_know_model(name: str) -> None:
    """Refuse a name that is no model's; one that has builds is that of a model elsewhere, or of a network's file.

    Raises:
        ConfigError: names those that are known.
    """
    if not _has_builds(name):
        load_model(name)


def _has_builds(name: str) -> bool:
    return name == plain_name(name) and (build_root() / name).is_dir()


def _third_party(options: BuildOptions, board: AnyBoard, flow: str) -> Request:
    given = "NETWORK" if options.network else "ONNX"
    if options.network and options.onnx:
        raise ConfigError("ONNX: is another name of NETWORK; give one of them")
    if options.model != BuildOptions.model:
        raise ConfigError(
            f"MODEL: {options.model!r} does not go with {given}, which takes its place; leave one of them out"
        )
    for option in ("recipe", "data", *(("strategy", "fps") if flow in {"ort", "mcu"} else ())):
        if getattr(options, option):
            why = "which names a finished network" if option in {"recipe", "data"} else f"on board {options.board}"
            raise ConfigError(f"{option.upper()}: does not go with {given}, {why}; leave it out")
    file = _file(given, options.network or options.onnx)
    return Request(
        options.board,
        name_of_file(str(file)),
        flow=flow,
        file=file,
        test=_file("TEST", options.test),
        calibration=_file("CALIBRATION", options.calibration),
        outputs=_outputs(options.outputs),
        strategy=_strategy(options.strategy),
        fps=_rate(options.fps),
        wheels=options.wheels,
        vectors=options.vectors,
        clock=_clock(board, options.clock),
        toggles=_toggles(options, flow),
        then=_file("THEN", options.then),
    )


def name_of_file(path: str) -> str:
    """The name under which a network that came as a file is built."""
    name = plain_name(Path(path).stem) or "model"
    return f"{name}-file" if name in list_boards() else name


def _outputs(said: str | None) -> OutputKind | None:
    chosen = next((kind for kind in OUTPUT_KINDS if kind == said), None)
    if said and chosen is None:
        near = near_matches(said, OUTPUT_KINDS)
        raise ConfigError(f"OUTPUTS: {said!r}: should be one of {', '.join(OUTPUT_KINDS)}{near}")
    return chosen


def must_be_able_to_build(request: Request) -> None:
    """Check for what a build needs from the system.

    Raises:
        ToolError: a program is missing, or the Vivado on the PATH cannot be used.
        BuildError: too little space on the disk.
    """
    needed = {**_PROGRAMS, **_PROGRAMS_OF_FLOW.get(request.flow, {}), **_programs_of_board(request.board)}
    missing = [package for program, package in needed.items() if not shutil.which(program)]
    if missing:
        raise ToolError(f"missing: {', '.join(missing)}; install with `make system-deps`")
    if request.flow in AmdBoard.flows:
        find_vivado()
    root = build_root()
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < _NEEDED_BYTES:
        raise BuildError(
            f"{root}: {free >> 20} MiB free on this disk, a build needs {_NEEDED_BYTES >> 20}; free some space"
        )


def _programs_of_board(name: str) -> Mapping[str, str]:
    """A microcontroller's compiler and emulator."""
    board = load_board(name)
    return CORES[board.chip.core].programs if isinstance(board, McuBoard) else {}


def _flow(board: str, known: Sequence[str], chosen: str | None) -> str:
    if chosen and chosen not in known:
        raise ConfigError(f"FLOW: {chosen!r}: board {board} builds with {' or '.join(known)}")
    return chosen or known[0]


def _rate(text: str | None) -> float | str | None:
    if not text:
        return None
    if text.lower() == "max":
        return "max"
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise ConfigError(f"FPS: {text!r}: should be inferences per second, such as 50000, or max")
    return rate


def _clock(board: AnyBoard, text: str | None) -> float | None:
    """The clock that was asked for in MHz, which the board can have."""
    if not text:
        return None
    if not isinstance(board, OpenBoard):
        raise ConfigError(f"CLOCK: board {board.name} has no PLL that a build sets; leave it out")
    hz = _whole_hertz(text)
    must_be_had(board, hz)
    return hz / MHZ


def _whole_hertz(text: str) -> int:
    try:
        hz = float(text) * MHZ
    except ValueError:
        hz = math.nan
    if not (math.isfinite(hz) and hz > 0) or abs(hz - round(hz)) > 1e-3:
        raise ConfigError(f"CLOCK: {text!r}: should be MHz, to the Hz, such as 62.5")
    return round(hz)


def _file(option: str, text: str | None) -> str | None:
    if not text:
        return None
    path = _resolved(option, text)
    if not path.is_file():
        raise DataError(f"{option}: {text}: {_why_not(path, 'file')}")
    _must_be_readable(option, path)
    return str(path)


def _data(text: str | None, model: Model, section: object, recipe: str) -> str | None:
    """The data that were given; a model without code for them takes a file, too, or what its recipe names."""
    if model.has("data"):
        return _folder(text)
    if text:
        path = _resolved("DATA", text)
        return str(path) if path.is_file() else _folder(text)
    named = model.data_path(section)
    where = f"{model.shown}/recipes/{recipe}.yaml: data.path"
    if named is None:
        raise DataError(f"{where}: missing; name the file or folder there, or give DATA=<path>")
    if not named.exists():
        raise DataError(f"{where}: {named}: {why_absent(named, 'file or folder')}; mend it, or give DATA=<path>")
    return None


def _folder(text: str | None) -> str | None:
    if not text:
        return None
    path = _resolved("DATA", text)
    if not path.exists():
        raise DataError(f"DATA: {text}: {_why_not(path, 'folder')}")
    if not path.is_dir():
        raise DataError(f"DATA: {text}: is a file; give the folder that holds the captures")
    files = [Path(folder, name) for folder, _, names in os.walk(path, onerror=_unreadable) for name in names]
    captures = [file for file in files if file.is_file()]
    if not captures:
        raise DataError(f"DATA: {text}: is empty; put captures into it (see docs/tutorial.md)")
    for capture in captures:
        _must_be_readable("DATA", capture)
    return str(path)


def _why_not(path: Path, kind: str) -> str:
    return f"is no {kind}" if path.exists() else why_absent(path, kind)


def _resolved(option: str, text: str) -> Path:
    """The path without its links (a loop stays, and does not exist); Snakemake and JSON can write every letter."""
    path = os.path.realpath(os.path.expanduser(text))
    _must_be_text(option, path)
    return Path(path)


def _must_be_text(option: str, path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise DataError(f"{option}: {path}: the name is not UTF-8; rename it") from None


def _must_be_readable(option: str, path: Path) -> None:
    _must_be_text(option, str(path))
    if not os.access(path, os.R_OK):
        raise DataError(f"{option}: {path}: may not be read; mend its permissions (chmod u+r)")


def _unreadable(error: OSError) -> None:
    raise DataError(f"DATA: {error.filename}: {error.strerror}; mend its permissions (chmod u+rx)")
