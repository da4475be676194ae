"""package: the program, its sources, the driver and the golden vectors in one folder, each file with its SHA-256."""

from __future__ import annotations

import shutil

from flows.stages import files, packing
from flows.stages.context import Context, Outcome
from flows.stages.mcu.program import FIRMWARE, board_of
from hls.units.staged import settings_in
from toolchain.device.bundle import module_file
from toolchain.device.checksums import write_manifest
from toolchain.files import write_atomic
from toolchain.package.open.content import write_driver
from toolchain.report.mcu_readme import readme
from toolchain.results.facts import CompileFacts, McuPackageFacts

_PROGRAM = f"{FIRMWARE}/firmware.elf"


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records, board = packing.verified_records(context), board_of(context)
    manifest = packing.manifest_of(context, records)
    if settings := settings_in(files.graph(context)):
        manifest = manifest.model_copy(update={"settings": settings})
    shutil.copytree(context.file("compile", FIRMWARE), context.out / FIRMWARE)
    packing.copy(module_file("toolchain.device.link.protocol"), context.out)
    write_driver(context.out)
    packing.write_network(context, records, manifest)
    write_atomic(context.out / "README.md", readme(board, manifest))
    images = records["compile"].facts_as(CompileFacts).images
    roles = {"program": _PROGRAM, "manifest": "manifest.json", "model_card": "MODEL.md", "readme": "README.md"}
    roles |= {"emulated": f"{FIRMWARE}/emulated.elf"} | {what: f"{FIRMWARE}/{name}" for what, name in images.items()}
    told = {"host_link": {"kind": "uart", "baud": board.host_link.baud}, "clock_mhz": board.chip.mhz}
    whole = write_manifest(context.out, {**manifest.to_json(), **told, "roles": roles})
    return Outcome(packing.summary(whole, records), facts=McuPackageFacts(program=_PROGRAM))
