"""Fetches the Python wheels that a device needs, each pinned by its SHA-256, and unpacks them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from toolchain.board import Runtime, Wheel
from toolchain.device.ort.install import unpack
from toolchain.errors import ToolError
from toolchain.files import sha256


def fetch_wheels(board: str, runtime: Runtime, cache: Path) -> list[Path]:
    """The board's wheels, fetched into `cache/<board>` where they are not there yet.

    Args:
        cache: folder that outlives builds. A person may put a wheel there, and must where PyPI does not have it.

    Raises:
        ToolError: a wheel cannot be fetched, or is not the pinned one.
    """
    folder = cache / board
    folder.mkdir(parents=True, exist_ok=True)
    return [_fetch(board, wheel, folder) for wheel in runtime.wheels]


def unpack_wheels(wheels: Iterable[Path], site: Path) -> None:
    """Unpack wheels to a folder that then goes on Python's path: no pip, no virtual environment, any processor.

    Raises:
        BuildError: a wheel is damaged, or there is no room.
    """
    for wheel in wheels:
        unpack(wheel, site)


def _fetch(board: str, wheel: Wheel, folder: Path) -> Path:
    path = folder / wheel.file
    if not path.is_file():
        _must_be_on_pypi(board, wheel, folder)
        _download(board, wheel, folder)
    found = sha256(path)
    if wheel.sha256 not in (None, found):
        raise ToolError(
            f"{path}: SHA-256 {found}, boards/{board}/board.yaml pins {wheel.sha256}; remove the file to fetch it "
            f"again, or pin it if it is the one you want"
        )
    return path


def _must_be_on_pypi(board: str, wheel: Wheel, folder: Path) -> None:
    if wheel.source:
        raise ToolError(
            f"{board}: WHEELS=1 needs {wheel.file}, which PyPI does not have; get it from {wheel.source}, put it into "
            f"{folder}, and build again"
        )


def _download(board: str, wheel: Wheel, folder: Path) -> None:
    """Let pip fetch one wheel for the device's Python and processor; it refuses another file than the pinned one."""
    pins = folder / f"{wheel.name}.txt"
    pins.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    _, _, python, abi, _ = wheel.file.removesuffix(".whl").split("-")
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words += ["--require-hashes", "--only-binary=:all:", "--implementation", "cp", "--python-version", python[2:]]
    words += ["--abi", abi, *(part for name in wheel.platforms for part in ("--platform", name))]
    done = subprocess.run([*words, "--dest", folder, "--requirement", pins], capture_output=True, text=True)
    pins.unlink()
    if done.returncode or not (folder / wheel.file).is_file():
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        reason = errors[0].removeprefix("ERROR: ") if errors else "pip did not bring it"
        raise ToolError(
            f"{board}: {wheel.file}: cannot be fetched: {reason}; is there a network? Without one, put the file into "
            f"{folder}"
        )
