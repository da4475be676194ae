"""The last stages of AMD boards: Vivado where it is on the PATH, else a hand-off."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.stages import packing
from flows.stages.context import Context, Outcome
from toolchain.package.amd.content import Built, write_bitstream, write_handoff
from toolchain.package.amd.facts import board_facts
from toolchain.package.amd.figures import streams_of, with_result
from toolchain.vivado.find import Vivado, find_vivado
from toolchain.vivado.implement import Result
from toolchain.vivado.reports import Timing

Implement = Callable[[Vivado, Path], tuple[Result, Path | None]]
"""Takes Vivado and a scratch folder; gives what Vivado made, and FINN's driver settings where there are any."""

_DRIVER = "driver"


def implement(context: Context, run: Implement) -> Outcome:
    """Write the bitstream and what belongs to it, or nothing where Vivado is absent.

    Raises:
        ToolError: Vivado cannot be used, or failed.
        TimingError: the routed design does not meet its clock.
        FitError: the design is larger than the device.
    """
    vivado = find_vivado(os.environ)
    clock = context.amd_board.clock.mhz
    if vivado is None:
        summary = "no Vivado on the PATH: the package will be a hand-off, to be finished where there is one"
        return Outcome(summary, facts={"status": "handoff", "kind": "requested", "clock_mhz": clock})
    result, driver = run(vivado, context.work)
    if driver:
        shutil.copytree(driver, context.out / _DRIVER)
    facts = {"status": "bitstream", "kind": "requested", "clock_mhz": clock, "vivado": _keep(result, context.out)}
    use, timing = result.resources, result.timing
    reached = f"{timing.fmax_mhz:.1f} MHz of {clock:g} needed"
    summary = f"{use['lut']:,} LUT, {use['ff']:,} FF; {reached} (measured by Vivado)"
    return Outcome(summary, facts=facts, tools={"Vivado": vivado.version})


def package(context: Context) -> Outcome:
    """Write a hand-off, or the bitstream's package."""
    records = packing.verified_records(context)
    manifest = {**packing.manifest_of(context, records), **board_facts(context.amd_board)}
    packing.write_network(context, records, manifest)
    made = records["implement"].facts.get("vivado")
    if made is None:
        manifest = write_handoff(context.out, context.layout.stage("project"), manifest)
    else:
        manifest = _bitstream_package(context, manifest, made)
    return Outcome(f"{manifest['status']}: {packing.summary(manifest, records)}", facts={"status": manifest["status"]})


def _bitstream_package(context: Context, manifest: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    folder = context.layout.stage("implement")
    result, driver = _kept(made, folder), folder / _DRIVER
    finn_driver = driver if driver.exists() else None
    if finn_driver:
        manifest = {**manifest, "stream": streams_of(driver / "settings.json")}
    reports = sorted(folder.glob("*.rpt"))
    built = Built(result.bitstream, result.hwh, result.xsa, reports, finn_driver)
    return write_bitstream(context.out, built, with_result(manifest, result))


def _keep(result: Result, out: Path) -> dict[str, Any]:
    """Copy what the package takes; plain JSON that `_kept` reads back."""
    for path in sorted(result.bitstream.parent.glob("*.rpt")):
        packing.copy(path, out)
    paths = {"bitstream": result.bitstream, "hwh": result.hwh, "xsa": result.xsa}
    names = {role: packing.copy(path, out) if path else None for role, path in paths.items()}
    figures = {"resources": result.resources, "core_resources": result.core_resources, "tool": result.tool}
    return {**names, **figures, "timing": asdict(result.timing)}


def _kept(made: Mapping[str, Any], folder: Path) -> Result:
    paths = {role: folder / made[role] if made[role] else None for role in ("bitstream", "hwh", "xsa")}
    return Result(**{**made, **paths, "timing": Timing(**made["timing"])})
