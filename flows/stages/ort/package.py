"""package: graphs, runners, golden vectors and self-test for the device, each file with its SHA-256."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from flows.stages import packing
from flows.stages.context import Context, Outcome
from flows.stages.ort.files import GRAPHS, is_exact, load, proofs_of, suits
from flows.stages.ort.graphs import source_of
from toolchain.device.checksums import write_manifest
from toolchain.graph.deciding import numbers_of
from toolchain.report.comparisons import told
from toolchain.results.device import Promise
from toolchain.results.facts import DataFacts, LibraryFacts, OrtPackageFacts, ProveFacts, TimeFacts
from toolchain.results.record import StageRecord
from toolchain.runtime.binaries import MACHINES, build_runner
from toolchain.runtime.compare import TOLERANCE, Proof
from toolchain.runtime.derive.graphs import answers
from toolchain.runtime.device_package import DeviceContent, DeviceGraph, pack_device
from toolchain.runtime.imported import Imported
from toolchain.runtime.operator_library import library_beside
from toolchain.runtime.package_golden import choose_vectors
from toolchain.runtime.prove import prove
from toolchain.runtime.rows import width
from toolchain.runtime.timing import floor_model
from toolchain.runtime.wheels import fetch_wheels

_VECTORS = 2000
# Half of the vectors, or half of an output's size: what may be further off is no promise.
_WORST = 0.5


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    records = packing.verified_records(context)
    made = load(context)
    rows = choose_vectors(len(made.vectors.x), _VECTORS)
    content = DeviceContent(
        model=context.request.model,
        graphs={name: _graph(context, made, name, rows) for name in made.graphs if suits(name, context)},
        chosen=records["time"].facts_as(TimeFacts).chosen,
        inputs=made.vectors.x[rows],
        outputs=made.reference[rows],
        meaning=made.meaning.kind,
        vector_kind=made.vectors.kind,
        classes=_classes(made, records),
        stages=_stages(context),
        budget=records["prove"].facts_as(ProveFacts).budget,
        binaries={machine: build_runner(machine, context.work / f"runner-{machine}") for machine in MACHINES},
        wheels=_wheels(context),
    )
    _copy_library(context)
    device = pack_device(context.out, context.ort_board, content)
    manifest = packing.manifest_of(context, records)
    packing.write_card(context, manifest)
    roles = {"manifest": "manifest.json", "readme": "README.md", "self_test": "run.sh", "model_card": "MODEL.md"}
    whole = write_manifest(context.out, {**manifest.to_json(), "device": device.to_json(), "roles": roles})
    return Outcome(packing.summary(whole, records), facts=OrtPackageFacts(chosen=content.chosen))


def _copy_library(context: Context) -> None:
    """The network as C, where it is one of whole numbers."""
    if context.facts("library", LibraryFacts).left_out is None:
        shutil.copytree(context.layout.stage("library"), context.out / "library")


def _graph(context: Context, made: Imported, name: str, rows: NDArray[np.int64]) -> DeviceGraph:
    proved, model = proofs_of(context)[name], made.graphs[name]
    floor = context.work / f"{name}.floor.onnx"
    onnx.save(floor_model(model), floor)
    options, x, reference = proved.options, made.vectors.x[rows], made.reference[rows]
    # As the self-test runs it: one at a time.
    proof = prove(model, x, reference, options, tie=TOLERANCE, tolerance=TOLERANCE, batches=(1,))
    kind = GRAPHS[name]
    path = context.layout.stage("graphs") / f"{name}.onnx"
    return DeviceGraph(
        path=path,
        promise=_promise(made, name, proof) if proved.binds else Promise("none"),
        precision=kind.precision,
        gpu=kind.gpu,
        meaning=proved.meaning,
        proved=told(asdict(proved.check)),
        within_budget=proved.eligible,
        floor=floor,
        libraries={machine: found for machine in MACHINES if (found := library_beside(path, machine)).exists()},
        options=proved.options,
    )


def _promise(made: Imported, name: str, proof: Proof) -> Promise:
    """What the graph promises of the packed vectors: no more than it was seen to keep, anywhere."""
    if proof.exact and is_exact(made, name):
        return Promise("exact")
    if made.classifies:
        kept = Promise("labels", differing=proof.differing / proof.compared, tie=TOLERANCE)
    elif proof.relative <= _WORST:
        kept = Promise("values", tolerance=max(TOLERANCE, proof.relative))
    else:
        kept = Promise("values", differing=1 - proof.near / proof.compared, tolerance=TOLERANCE)
    return kept if kept.differing <= _WORST else Promise("none")


def _stages(context: Context) -> tuple[float, ...]:
    """What stands at the end of an answer by the stage that gave it; nothing of a network of one."""
    if context.request.file or not (numbers := numbers_of((source := source_of(context)).graph)):
        return ()
    (end,) = source.graph.outputs
    return tuple(float(answer) for answer in answers(end, np.array(numbers)))


def _classes(made: Imported, records: dict[str, StageRecord]) -> list[str]:
    if "data" in records:
        return list(records["data"].facts_as(DataFacts).classes)
    wide = width(made.reference)
    return [str(index) for index in range(wide)] if made.classifies and wide > 1 else []


def _wheels(context: Context) -> list[Path]:
    if not context.request.wheels:
        return []
    context.progress("fetching wheels")
    return fetch_wheels(context.request.board, context.ort_board.runtime, context.layout.root / "cache" / "wheels")
