"""`finish.py` of a hand-off: checks it, has Vivado make the bitstream, and writes the bitstream package.

Standard library only, Python 3.8 or newer (FINN's own steps need what requirements-finn.txt names).
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolchain.device.checksums import BITSTREAM, verify_package
from toolchain.device.packed import PackedManifest
from toolchain.errors import BuildError, GateweaveError, ToolError
from toolchain.files import unwritten
from toolchain.package.amd.content import FINN_MODEL, PROJECT, Built, carry_over, write_bitstream
from toolchain.package.amd.figures import streams_of, with_result
from toolchain.vivado.find import NEWEST, OLDEST, Vivado, find_vivado
from toolchain.vivado.implement import Result, implement

_FINN_PYTHON = (3, 11)


def main(folder: Path, arguments: Sequence[str]) -> int:
    """The program; returns its exit status."""
    parser = argparse.ArgumentParser(prog="finish.py", description="Make the bitstream of this hand-off with Vivado.")
    parser.add_argument("--out", type=Path, help="folder of the bitstream package (beside this one without it)")
    parser.add_argument("--check", action="store_true", help="check the hand-off and Vivado only")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            manifest, vivado = check(folder)
            print(f"{len(manifest['files'])} files as packed; {vivado.tool} at {vivado.path}")
        else:
            out = (options.out or folder.with_name(folder.name + "-bitstream")).absolute()
            finish(folder, out)
    except GateweaveError as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check(folder: Path) -> tuple[PackedManifest, Vivado]:
    """Hold the hand-off against its hashes, and only then look for Vivado.

    Raises:
        BuildError: it is damaged, or is no hand-off.
        ToolError: no Vivado that can be used, or a Python too old for FINN.
    """
    manifest = verify_package(folder)
    if manifest.get("status") == BITSTREAM:
        raise BuildError(f"{folder}: holds its bitstream already; copy it to the board and run self_test.py there")
    if manifest["flow"] == "finn" and sys.version_info < _FINN_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        raise ToolError(f"Python {found}: FINN's steps need {'.'.join(map(str, _FINN_PYTHON))} or newer; see README.md")
    vivado = find_vivado(os.environ)
    if vivado is None:
        versions = " to ".join(f"{year}.{number}" for year, number in (OLDEST, NEWEST))
        raise ToolError(f"vivado is not on the PATH; source settings64.sh of a Vivado from {versions}")
    if manifest["flow"] == "finn":
        _finn().require_tools(vivado)
    return manifest, vivado


def finish(folder: Path, out: Path) -> PackedManifest:
    """Make the bitstream package; returns its manifest.

    Args:
        folder: the hand-off, which stays as it is.
        out: the package's folder, which must not exist; Vivado works in `<out>.work` beside it.

    Raises:
        BuildError: `out` exists or lies in the hand-off, or as `check`.
        GateweaveError: Vivado or FINN failed; its first real error is the message.
    """
    manifest, vivado = check(folder)
    if out.exists():
        raise BuildError(f"{out}: exists already; remove it, or choose another folder with --out")
    if folder.resolve() in out.resolve().parents:
        raise BuildError(f"{out}: lies in the hand-off, which must stay as it is; choose another folder with --out")
    _say(f"{len(manifest['files'])} files as packed; {vivado.tool}")
    work = out.with_name(out.name + ".work")
    work.mkdir(parents=True, exist_ok=True)
    built, figures = _implement(manifest, vivado, folder, work)
    whole = _package(folder, out, built, figures)
    _say(f"bitstream package: {out}")
    _say(f"Vivado's own files, no longer needed: {work}")
    return whole


def _implement(manifest: PackedManifest, vivado: Vivado, folder: Path, work: Path) -> tuple[Built, PackedManifest]:
    """The bitstream, and the manifest with its figures."""
    if manifest["flow"] == "dataflow":
        result = implement(vivado, folder / PROJECT, work / "result", _say)
        return _built(result, None), with_result(manifest, result)
    finn, name = _finn(), f"{manifest['board']}-{manifest['model']}"
    spec = finn.FinishSpec(name, manifest["finn_board"], manifest["part"], 1000 / manifest["clock_mhz"])
    made = finn.finish(folder / PROJECT / FINN_MODEL, spec, vivado, work / "result", work / "finn", _say)
    driver = made.deploy / "driver"
    whole: PackedManifest = {**with_result(manifest, made.result), "stream": streams_of(driver / "settings.json")}
    return _built(made.result, driver), whole


def _built(result: Result, finn_driver: Path | None) -> Built:
    reports = sorted(result.bitstream.parent.glob("*.rpt"))
    return Built(result.bitstream, result.hwh, result.xsa, reports, finn_driver)


def _package(folder: Path, out: Path, built: Built, manifest: PackedManifest) -> PackedManifest:
    """Write the package beside its place first: what has its name is whole."""
    begun = out.with_name(out.name + ".part")
    shutil.rmtree(begun, ignore_errors=True)
    try:
        begun.mkdir(parents=True)
        carry_over(folder, begun)
        whole = write_bitstream(begun, built, manifest)
        begun.rename(out)
    except OSError as error:
        raise unwritten(out, error) from error
    return whole


def _finn() -> Any:
    """FINN's steps: only hand-offs of FINN hold them, and only they need finn-plus."""
    try:
        return importlib.import_module("toolchain.finn.finish")
    except ImportError as error:
        raise ToolError(f"FINN's steps cannot be imported ({error}); install what README.md says") from error


def _say(phrase: str) -> None:
    print(phrase, flush=True)
