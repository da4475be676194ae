"""package: everything in one folder, each file with its SHA-256, and only if every check held."""

from __future__ import annotations

from flows.stages import files, packing
from flows.stages.clocking import clock_hz
from flows.stages.context import Context, Outcome
from hls.chip import vector_bytes
from toolchain.device.bundle import module_file
from toolchain.device.checksums import write_manifest
from toolchain.files import write_atomic
from toolchain.fpga.flash_image import flash_file, flash_image
from toolchain.fpga.pll import MHZ
from toolchain.graph.types import IntType
from toolchain.package.open.content import write_driver
from toolchain.report.open_readme import Asked, pins, readme
from toolchain.results.facts import BitstreamFacts, GenerateFacts, OpenPackageFacts
from toolchain.results.manifest import FlashImage


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records = packing.verified_records(context)
    manifest = packing.manifest_of(context, records)
    board, identity = context.open_board, records["generate"].facts_as(GenerateFacts).identity
    bitstream = packing.copy(context.file("bitstream", records["bitstream"].facts_as(BitstreamFacts).file), context.out)
    packing.copy(module_file("toolchain.device.link.protocol"), context.out)
    write_driver(context.out)
    packing.write_network(context, records, manifest)
    flash = _flash(context, bitstream)
    write_atomic(context.out / "PINS.md", pins(board, identity, clock_hz(context) / MHZ, flash is not None))
    write_atomic(context.out / "README.md", readme(board, bitstream, manifest, _asked(context), flash))
    roles = {"bitstream": bitstream, "manifest": "manifest.json", "model_card": "MODEL.md"}
    roles |= {"flash_image": flash_file(bitstream)} if flash else {}
    told = {
        "host_link": {"kind": "uart", "baud": board.host_link.baud},
        **({"flash": flash.to_json()} if flash else {}),
    }
    whole = write_manifest(context.out, {**manifest.to_json(), **told, "roles": roles})
    return Outcome(packing.summary(whole, records), facts=OpenPackageFacts(bitstream=bitstream))


def _flash(context: Context, bitstream: str) -> FlashImage | None:
    """Write the image of the board's flash and tell of it; None where no weights are loaded from there."""
    chip, memory = files.chip(context), context.open_board.flash.memory
    loaded = chip.core.loaded
    if loaded is None or memory is None:
        return None
    weights = (chip.rtl / loaded.file).read_bytes()
    image = flash_image((context.out / bitstream).read_bytes(), weights, memory)
    (context.out / flash_file(bitstream)).write_bytes(image)
    start = round(1000 * chip.start_clocks / clock_hz(context), 1)
    return FlashImage(
        kind="estimated",
        offset=memory.offset,
        weights_bytes=len(weights),
        weights_crc32=f"{loaded.crc:08x}",
        start_ms=start,
    )


def _asked(context: Context) -> Asked:
    chip = files.chip(context)
    core = chip.core
    streamed = vector_bytes(core) + core.output.layout.size if chip.streamed else 0
    vector = f"{core.vector_bits // IntType.of(core.input_type).bits:,} integers of type {core.input_type}"
    output = core.output
    if output.classes:
        return Asked(vector, f"a class from 0 to {output.classes - 1}", "label", streamed)
    answer = f"{output.elements:,} integers of {output.bits} bits{' with a sign' * output.signed}"
    return Asked(vector, answer, "values", streamed)
