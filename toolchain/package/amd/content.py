"""Writes packages of AMD boards. The golden vectors, the model card and the integer network are in the folder already.

Standard library only, Python 3.8 or newer: finish.py writes the bitstream package on the machine with Vivado.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.device.bundle import SOURCES, bundle, package_folder
from toolchain.device.checksums import BITSTREAM, HANDOFF, MANIFEST, write_manifest
from toolchain.device.packed import PackedManifest
from toolchain.device.programs import write_program
from toolchain.errors import BuildError
from toolchain.files import write_atomic
from toolchain.report.amd_readme import readme_amd

LIB = "lib"
PROJECT = "project"
FINISH = "finish.py"
FINN_MODEL = "model.onnx"
"""FINN's mapped model in the project."""
FINN_PINS = ("requirements.txt", "requirements-finn.txt")

_SCRIPTS = package_folder("toolchain.device.scripts.amd")
_FINISH_SCRIPTS = Path(__file__).with_name("scripts")
_BOARD_SCRIPTS = ("driver.py", "self_test.py")
_BOARD_MODULES = ("toolchain.device.link.axi", "toolchain.device.link.registers")
_FINISH_MODULES = ("toolchain.package.amd.finish", "toolchain.device.scripts.amd", "toolchain.vivado", *_BOARD_MODULES)
_FLOW_MODULES = {"dataflow": (), "finn": ("toolchain.finn.finish",)}

_NEEDED = ("board", "model", "flow", "part", "identity", "host_link", "clock_mhz")
_NEEDED_BY_DRIVER = {"dataflow": (), "finn": ("stream",)}


@dataclass(frozen=True)
class Built:
    """What Vivado made, wherever it lies.

    Attributes:
        bitstream, hwh: the design and its description.
        xsa: hardware platform for AMD's software tools; None where the flow makes none.
        reports: reports worth keeping.
        finn_driver: folder of FINN's own driver settings, where FINN made the design.
    """

    bitstream: Path
    hwh: Path
    xsa: Path | None = None
    reports: Sequence[Path] = field(default_factory=tuple)
    finn_driver: Path | None = None


def write_driver(out: Path) -> None:
    """Write what runs on the board: `driver.py`, `self_test.py` and `lib/`."""
    for name in _BOARD_SCRIPTS:
        write_program(_SCRIPTS / name, out / name)
    bundle(_BOARD_MODULES, out / LIB)


def write_handoff(out: Path, project: Path, manifest: PackedManifest) -> PackedManifest:
    """Complete a hand-off: what a machine with Vivado needs to make the bitstream package of it.

    Args:
        out: the package's folder; all that it holds already belongs to the package.
        project: what Vivado (or FINN's own steps) goes on from; is copied to `project/`.
        manifest: see `board_facts`.

    Returns:
        The manifest as written, with `status` handoff.

    Raises:
        BuildError: the manifest lacks what the driver needs, or a file cannot be written.
    """
    _must_have(manifest, _NEEDED)
    flow = manifest["flow"]
    shutil.copytree(project, out / PROJECT)
    write_program(_FINISH_SCRIPTS / FINISH, out / FINISH)
    bundle((*_FINISH_MODULES, *_FLOW_MODULES[flow]), out / LIB)
    if flow == "finn":
        for name in FINN_PINS:
            shutil.copyfile(SOURCES / name, out / name)
    roles = {**manifest.get("roles", {}), **_roles(out, {"finish": FINISH})}
    whole: PackedManifest = {**manifest, "status": HANDOFF, "roles": roles}
    write_atomic(out / "README.md", readme_amd(whole))
    return write_manifest(out, whole)


def write_bitstream(out: Path, built: Built, manifest: PackedManifest) -> PackedManifest:
    """Complete a bitstream package: the bitstream with its description, reports, and what runs on the board.

    Args:
        out: the package's folder; all that it holds already belongs to the package.
        manifest: with the figures of this bitstream; see `board_facts`, for FINN `figures.streams_of` too.

    Returns:
        The manifest as written, with `status` bitstream.

    Raises:
        BuildError: the manifest lacks what the driver needs, or a file cannot be written.
    """
    _must_have(manifest, (*_NEEDED, *_NEEDED_BY_DRIVER[manifest["flow"]]))
    write_driver(out)
    name = f"{manifest['board']}-{manifest['model']}"
    roles = {"bitstream": f"bitstream/{name}.bit", "hardware": f"bitstream/{name}.hwh"}
    _copy(built.bitstream, out / roles["bitstream"])
    _copy(built.hwh, out / roles["hardware"])
    if built.xsa:
        # Not beside the bitstream: pynq would then read this instead of the .hwh.
        roles["platform"] = f"platform/{name}.xsa"
        _copy(built.xsa, out / roles["platform"])
    for report in built.reports:
        _copy(report, out / "reports" / report.name)
    if built.finn_driver:
        shutil.copytree(built.finn_driver, out / "finn-driver")
    whole: PackedManifest = {
        **manifest,
        "status": BITSTREAM,
        "roles": {**manifest.get("roles", {}), **_roles(out, roles)},
    }
    whole["roles"].pop("finish", None)
    write_atomic(out / "README.md", readme_amd(whole))
    return write_manifest(out, whole)


def carry_over(handoff: Path, out: Path) -> None:
    """Copy what a bitstream package has in common with its hand-off: golden vectors, model card, network, figures."""
    only_there = {LIB, PROJECT, FINISH, "README.md", MANIFEST, *FINN_PINS}
    for path in sorted(handoff.iterdir()):
        if path.name in only_there:
            continue
        if path.is_dir():
            shutil.copytree(path, out / path.name)
        else:
            shutil.copyfile(path, out / path.name)


def _must_have(manifest: PackedManifest, needed: Sequence[str]) -> None:
    missing = [key for key in needed if key not in manifest]
    if missing:
        raise BuildError(f"manifest: lacks {', '.join(missing)}, which finish.py or the driver needs")


def _roles(out: Path, roles: Mapping[str, str]) -> dict[str, str]:
    always = {"manifest": MANIFEST, "model_card": "MODEL.md"}
    return {**{role: name for role, name in always.items() if name == MANIFEST or (out / name).exists()}, **roles}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
