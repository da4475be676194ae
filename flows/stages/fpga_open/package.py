"""package: everything in one folder, each file with its SHA-256, and only if every rung held."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flows.stages import files
from flows.stages.context import Context, Outcome
from hls.pack import pack_inputs
from toolchain.layout import ROOT
from toolchain.package.ladder import must_be_verified
from toolchain.package.manifest import Origin, build_manifest, file_hashes
from toolchain.package.model_card import model_card
from toolchain.package.pages import pins, readme
from toolchain.package.pins import installed, pinned
from toolchain.package.vectors import VectorFormat, write_vectors
from toolchain.record import StageRecord, write_atomic, write_json


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records = {stage: context.record(stage) for stage in context.request.stages[:-1]}
    must_be_verified(records, len(files.golden_inputs(context)), context.request.flow)
    manifest = build_manifest(_origin(context), records)
    bitstream = _copy(context.file("bitstream", records["bitstream"].facts["file"]), context.out)
    _copy(context.file("streamline", "integer.onnx"), context.out)
    _copy(ROOT / "toolchain" / "hostlink" / "protocol.py", context.out)
    _write_golden(context, records)
    _write_pages(context, manifest, bitstream)
    roles = {"bitstream": bitstream, "manifest": "manifest.json", "model_card": "MODEL.md"}
    manifest |= {"roles": roles, "files": file_hashes(context.out)}
    write_json(context.out / "manifest.json", manifest)
    compared = sum(sum(c.compared for c in r.checks.values()) for r in records.values())
    summary = f"{len(manifest['files']) + 1} files; {compared:,} results compared on the way, all equal"
    return Outcome(summary, facts={"bitstream": bitstream})


def _origin(context: Context) -> Origin:
    recipe: dict[str, Any] = context.recipe.model_dump(mode="json")
    packages = {name: version or "missing" for name, version in installed(pinned(ROOT)).items()}
    return Origin(context.request, context.open_board, recipe, packages, ROOT)


def _copy(path: Path, folder: Path) -> str:
    shutil.copyfile(path, folder / path.name)
    return path.name


def _write_golden(context: Context, records: dict[str, StageRecord]) -> None:
    network, x = files.network(context), files.golden_inputs(context)
    packed = pack_inputs(x, network.input_type)
    classes = records["data"].facts["classes"]
    layout = VectorFormat(len(x), network.inputs, network.input_type, packed.shape[1], classes)
    labels = network.run(x).labels.astype("uint8")
    write_vectors(context.out, layout, packed.tobytes(), labels.tobytes())


def _write_pages(context: Context, manifest: dict[str, Any], bitstream: str) -> None:
    board = context.open_board
    write_atomic(context.out / "MODEL.md", model_card(context.model.title, manifest))
    write_atomic(context.out / "PINS.md", pins(board, manifest["identity"]))
    write_atomic(context.out / "README.md", readme(board, bitstream, manifest))
