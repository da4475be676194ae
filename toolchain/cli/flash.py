"""The command that brings a package onto its board, after its hashes were checked."""

from __future__ import annotations

from pathlib import Path

from toolchain.board import McuBoard, OpenBoard, OrtBoard
from toolchain.catalog import load_board
from toolchain.cli.choose import must_know_model
from toolchain.console import out
from toolchain.device.checksums import must_be_bitstream, package_name
from toolchain.errors import BuildError, ConfigError
from toolchain.places.remote import Remote
from toolchain.report.show import latest_layout, shown
from toolchain.results.manifest import Manifest
from toolchain.results.packed import read_package
from toolchain.run.loader import load
from toolchain.run.remote_run import load_remotely


def flash(
    board: str, model: str, package: Path | None, keep: bool, cable: str | None = None, host: str | None = None
) -> bool:
    """Check a package, then load its bitstream: by openFPGALoader on open boards, by SSH on AMD boards.

    Returns whether it was loaded.

    Args:
        package: the package's folder; None takes the newest build of the model for the board.
        keep: write the board's flash, so that the bitstream is still there after the power was off; a package whose
            design loads weights from there is always written.
        cable: bus and device of the programming cable, where there are several.
        host: user@address of an AMD board; without it, what to do there is said.

    Raises:
        ConfigError: there is no such board or model, it has no FPGA, or it is not clear which cable to take.
        BuildError: nothing was built, the package is damaged, of another board, or a hand-off.
        ToolError: the loader is missing or fails, no cable or another FPGA is there, or the board cannot be reached.
    """
    known = load_board(board)
    if isinstance(known, McuBoard):
        raise ConfigError(f"{board}: is loaded by its own tools; the README.md of its package says how")
    if isinstance(known, OrtBoard):
        raise ConfigError(f"{board}: has no FPGA to flash; copy its package there and run `./run.sh`")
    folder, manifest = checked_package(board, model, package)
    out().print(f"{len(manifest.files)} files as packed: {shown(folder)}")
    target = load_board(manifest.board)
    if isinstance(target, OpenBoard):
        image = manifest.roles.get("flash_image")
        file, kept = (manifest.roles["bitstream"], keep) if image is None else (image, True)
        out().print(load(target, folder / file, kept, cable))
    elif host is not None:
        out().print(load_remotely(Remote(host), folder, manifest).rstrip())
    else:
        out().print(_how_to(manifest, folder))
        return False
    return True


def checked_package(board: str, model: str, package: Path | None) -> tuple[Path, Manifest]:
    """The package to take, every file of it as it was packed; and its manifest.

    Raises:
        ConfigError: there is no such board or model.
        BuildError: nothing was built, the package is damaged, of another board or model, or a hand-off.
    """
    load_board(board)
    folder = package or _newest(board, model)
    manifest = read_package(folder)
    for name, packed, wanted in (("board", manifest.board, board), ("model", manifest.model, model)):
        if packed != wanted:
            raise BuildError(
                f"{folder}: is for {name} {packed}, not {wanted}; say {name.upper()}={packed}, or take another package"
            )
    if not isinstance(load_board(board), OrtBoard | McuBoard):
        must_be_bitstream(folder, manifest.packed)
    return folder, manifest


def _newest(board: str, model: str) -> Path:
    """The newest build's package."""
    must_know_model(model)
    return latest_layout(board, model).stage("package")


def _how_to(manifest: Manifest, folder: Path) -> str:
    there = package_name(manifest.packed)
    return (
        f"{manifest.board} loads its bitstream itself, from its own Linux; nothing was sent. Name the board\n"
        f"  make flash BOARD={manifest.board} MODEL={manifest.model} HOST=user@address\n"
        f"or copy the package\n"
        f"  scp -r {shown(folder)} <board>:{there}\n"
        f"and on the board, as root, let the self-test load and check it\n"
        f"  cd {there} && python3 self_test.py"
    )
