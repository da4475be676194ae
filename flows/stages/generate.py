"""generate: the Verilog of the core and of the whole chip."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from hls.chip import generate_chip
from hls.core import CoreDescription
from hls.folding import Folding
from hls.generate import generate_core
from toolchain.catalog import board_file
from toolchain.record import sha256, write_json


def run(context: Context) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""
    rtl = context.out / "rtl"
    network = files.network(context)
    folding = Folding.from_json(files.read_json(context.file("fold", "folding.json")))
    core = generate_core(network, folding, rtl)
    model_hash = bytes.fromhex(sha256(context.file("streamline", "integer.onnx")))[:8]
    build_id = _build_id(core, rtl, board_file(context.request.board))
    sources = generate_chip(
        core,
        network,
        rtl,
        clock_hz=files.clock_hz(context),
        baud=context.board.host_link.baud,
        model_hash=model_hash,
        build_id=build_id,
        bench=files.bench_inputs(context),
    )
    identity = {"model_hash": model_hash.hex(), "build_id": build_id.hex()}
    write_json(context.out / "core.json", core.to_json())
    write_json(context.out / "chip.json", {"sources": list(sources), **identity})
    return Outcome(_summary(sources, identity), facts={"identity": identity})


def _build_id(core: CoreDescription, rtl: Path, board: Path) -> bytes:
    digest = hashlib.sha256()
    for path in [*(rtl / name for name in sorted((*core.sources, *core.roms))), board]:
        digest.update(f"{path.name}\0{sha256(path)}\n".encode())
    return digest.digest()[:8]


def _summary(sources: list[str], identity: dict[str, str]) -> str:
    return f"{len(sources)} Verilog files, model {identity['model_hash']}, build {identity['build_id']}"
