"""Writes the Verilog of a core and of the chip around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from hls.core import CoreDescription
from hls.folding import Folding
from hls.generate import generate_core
from toolchain.catalog import board_file
from toolchain.files import sha256, write_json
from toolchain.graph.network import IntegerNetwork

MakeChip = Callable[[CoreDescription, IntegerNetwork, Path, bytes, bytes], list[str]]
"""Takes core, network, RTL folder, model hash and build id; writes the chip and returns its Verilog sources by name."""


def generate(context: Context, make_chip: MakeChip) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""
    rtl = context.out / "rtl"
    network = files.network(context)
    folding = Folding.from_json(files.read_json(context.file("fold", "folding.json")))
    core = generate_core(network, folding, rtl)
    model_hash = files.model_hash(context)
    build_id = build_id_of([rtl / name for name in sorted((*core.sources, *core.roms))], context)
    sources = make_chip(core, network, rtl, model_hash, build_id)
    identity = {"model_hash": model_hash.hex(), "build_id": build_id.hex()}
    write_json(context.out / "core.json", core.to_json())
    write_json(context.out / "chip.json", {"sources": list(sources), **identity})
    return Outcome(_summary(sources, identity), facts={"identity": identity})


def build_id_of(paths: list[Path], context: Context) -> bytes:
    """8 bytes that tell one core on one board from all others."""
    digest = hashlib.sha256()
    for path in [*paths, board_file(context.request.board)]:
        digest.update(f"{path.name}\0{sha256(path)}\n".encode())
    return digest.digest()[:8]


def _summary(sources: list[str], identity: dict[str, str]) -> str:
    return f"{len(sources)} Verilog files, model {identity['model_hash']}, build {identity['build_id']}"
