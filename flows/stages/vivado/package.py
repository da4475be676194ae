"""package: a hand-off, or the bitstream's package."""

from __future__ import annotations

from typing import Literal

from flows.stages import packing
from flows.stages.context import Context, Outcome
from flows.stages.vivado.result import DRIVER, kept
from toolchain.device.packed import PackedManifest
from toolchain.package.amd.content import Built, write_bitstream, write_handoff
from toolchain.package.amd.facts import board_facts
from toolchain.package.amd.figures import streams_of, with_result
from toolchain.results.facts import AmdPackageFacts, VivadoFacts
from toolchain.results.facts.hardware import VivadoResult


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records = packing.verified_records(context)
    own = packing.manifest_of(context, records)
    packing.write_network(context, records, own)
    manifest: PackedManifest = {**own.packed, **board_facts(context.amd_board)}
    made = records["implement"].facts_as(VivadoFacts).vivado
    if made is None:
        manifest = write_handoff(context.out, context.layout.stage("project"), manifest)
    else:
        manifest = _bitstream_package(context, manifest, made)
    status: Literal["handoff", "bitstream"] = "handoff" if made is None else "bitstream"
    return Outcome(f"{status}: {packing.summary(manifest, records)}", facts=AmdPackageFacts(status=status))


def _bitstream_package(context: Context, manifest: PackedManifest, made: VivadoResult) -> PackedManifest:
    folder = context.layout.stage("implement")
    result, driver = kept(made, folder), folder / DRIVER
    finn_driver = driver if driver.exists() else None
    if finn_driver:
        manifest = {**manifest, "stream": streams_of(driver / "settings.json")}
    reports = sorted(folder.glob("*.rpt"))
    built = Built(result.bitstream, result.hwh, result.xsa, reports, finn_driver)
    return write_bitstream(context.out, built, with_result(manifest, result))
