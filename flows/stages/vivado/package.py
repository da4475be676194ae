"""package: a hand-off, or the bitstream's package."""

from __future__ import annotations

from typing import Literal

from flows.stages import files, packing
from flows.stages.context import Context, Outcome
from flows.stages.vivado.result import DRIVER, kept
from hls.axi_chip import burst_bytes
from toolchain.device.link.registers import answer_room
from toolchain.device.packed import PackedManifest
from toolchain.package.amd.content import Built, write_bitstream, write_handoff
from toolchain.package.amd.facts import board_facts
from toolchain.package.amd.figures import streams_of, with_result
from toolchain.results.facts import AmdPackageFacts, VivadoFacts
from toolchain.results.facts.hardware import VivadoResult

_PAGE = 4096


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records = packing.verified_records(context)
    own = packing.manifest_of(context, records)
    packing.write_network(context, records, own)
    manifest: PackedManifest = {**own.packed, **board_facts(context.amd_board)}
    if "fold" in records:
        manifest = {**manifest, **_dma_needs(context)}
    made = records["implement"].facts_as(VivadoFacts).vivado
    if made is None:
        manifest = write_handoff(context.out, context.layout.stage("project"), manifest)
    else:
        manifest = _bitstream_package(context, manifest, made)
    status: Literal["handoff", "bitstream"] = "handoff" if made is None else "bitstream"
    return Outcome(f"{status}: {packing.summary(manifest, records)}", facts=AmdPackageFacts(status=status))


def _dma_needs(context: Context) -> PackedManifest:
    """Memory for one vector and one answer, in whole pages, of a chip that takes them by DMA only."""
    chip, bits = files.chip(context), context.amd_board.host_link.data_bits
    if not chip.streamed:
        return {}
    sizes = burst_bytes(chip.core, bits), answer_room(chip.core.output.layout.size)
    return {"dma_bytes": sum(-(-size // _PAGE) * _PAGE for size in sizes)}


def _bitstream_package(context: Context, manifest: PackedManifest, made: VivadoResult) -> PackedManifest:
    folder = context.layout.stage("implement")
    result, driver = kept(made, folder), folder / DRIVER
    finn_driver = driver if driver.exists() else None
    if finn_driver:
        manifest = {**manifest, "stream": streams_of(driver / "settings.json")}
    reports = sorted(folder.glob("*.rpt"))
    built = Built(result.bitstream, result.hwh, result.xsa, reports, finn_driver)
    return write_bitstream(context.out, built, with_result(manifest, result))
