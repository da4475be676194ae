"""Turns what a person typed into a checked request, before any work is done."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from toolchain.catalog import list_boards, load_board, load_model, load_recipe
from toolchain.errors import BuildError, ConfigError, DataError, ToolError
from toolchain.layout import STRATEGIES, Request, build_root
from toolchain.yaml_file import near_matches

_NEEDED_BYTES = 300 << 20
_PROGRAMS = {"g++": "g++", "make": "make", "perl": "perl"}


def choose(
    board: str,
    model: str,
    recipe: str,
    data: str | None,
    strategy: str,
    fps: str | None,
    flow: str | None = None,
) -> Request:
    """Check every choice and return the request; no flow: the board's default.

    Raises:
        ConfigError: a name, YAML file, strategy, flow or rate that cannot be used.
        DataError: the folder of captures cannot be used.
    """
    flow = _flow(board, load_board(board).flows, flow)
    load_recipe(load_model(model), recipe)
    if strategy not in STRATEGIES:
        near = near_matches(strategy, STRATEGIES)
        raise ConfigError(f"STRATEGY: {strategy!r}: should be one of {', '.join(STRATEGIES)}{near}")
    request = Request(board, model, recipe, _folder(data), strategy, _rate(fps), flow)
    if request.network in list_boards():
        raise ConfigError(f"RECIPE: {recipe!r} is also a board's name; rename the recipe")
    return request


def must_be_able_to_build() -> None:
    """Check for what a build needs from the system.

    Raises:
        ToolError: a program is missing.
        BuildError: too little space on the disk.
    """
    missing = [package for program, package in _PROGRAMS.items() if not shutil.which(program)]
    if missing:
        raise ToolError(f"missing: {', '.join(missing)}; install with `make system-deps`")
    root = build_root()
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < _NEEDED_BYTES:
        raise BuildError(
            f"{root}: {free >> 20} MiB free on this disk, a build needs {_NEEDED_BYTES >> 20}; free some space"
        )


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


def _folder(text: str | None) -> str | None:
    if not text:
        return None
    path = Path(text).expanduser().resolve()
    if not path.exists():
        raise DataError(f"DATA: {text}: no such folder")
    if not path.is_dir():
        raise DataError(f"DATA: {text}: is a file; give the folder that holds the captures")
    if not any(file.is_file() for file in path.rglob("*")):
        raise DataError(f"DATA: {text}: is empty; put captures into it (see docs/tutorial.md)")
    return str(path)
