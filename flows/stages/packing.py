"""What every package holds: the network, its golden vectors and its card; and the manifest they are told of in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context
from flows.stages.finn.reference import finn_reference
from flows.stages.rtl.design import reference_of
from flows.stages.rtl.reference import Reference
from hls.chip import played_inputs
from hls.pack import answers_as_bytes, pack_inputs
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.packed import PackedManifest
from toolchain.files import write_atomic
from toolchain.layout import ROOT
from toolchain.package.ladder import must_be_verified
from toolchain.package.manifest import Origin, build_manifest
from toolchain.package.pins import installed, pinned
from toolchain.package.vectors import VectorFormat, write_vectors
from toolchain.report.answer_lines import answers_report
from toolchain.report.answers import answers_of
from toolchain.report.comparisons import sentence
from toolchain.report.model_card import file_card, model_card
from toolchain.results.facts import DataFacts, GraphsFacts, IntegersFacts
from toolchain.results.manifest import Manifest
from toolchain.results.record import StageRecord
from toolchain.results.split import HOST_PART
from toolchain.training.author import words_of

Records = Mapping[str, StageRecord]


def verified_records(context: Context) -> dict[str, StageRecord]:
    """The records of all stages before this one.

    Raises:
        VerificationError: a check is missing, too small or unequal.
    """
    stages = [context.request.table[name] for name in context.request.stages[:-1]]
    records = {stage.name: context.record(stage.name) for stage in stages}
    made = records.get("graphs")
    vectors = made.facts_as(GraphsFacts).vectors.count if made else len(files.golden_inputs(context))
    must_be_verified(records, vectors, stages)
    return records


def manifest_of(context: Context, records: Records) -> Manifest:
    """The manifest without its files."""
    recipe: dict[str, Any] = {} if context.request.file else context.recipe.model_dump(mode="json", exclude_none=True)
    packages = {name: version or "missing" for name, version in installed(pinned(ROOT)).items()}
    manifest = build_manifest(Origin(context.request, context.board, recipe, packages, ROOT), records)
    if "fold" not in records:
        return manifest
    core = files.chip(context).core
    settings = {"settings": core.settings} if core.settings else {}
    return manifest.model_copy(update={"answer_bytes": core.output.layout.size, **settings})


def write_network(context: Context, records: Records, manifest: Manifest) -> None:
    """Write `integer.onnx`, the golden vectors and `MODEL.md`; and the host's part of a network that was split."""
    copy(files.network_file(context, "integer.onnx"), context.out)
    if context.request.then:
        copy(context.file("load", HOST_PART), context.out)
    reference = reference_of(context) if "fold" in records else finn_reference(files.graph(context))
    names, x = class_names(records, reference.output.layout), files.golden_inputs(context)
    write_golden(context.out, reference, x, names, _played(context, x) if "fold" in records else None)
    write_card(context, manifest)


def write_card(context: Context, manifest: Manifest) -> None:
    """Write `MODEL.md`, with the worst of the network's answers to its test set."""
    told = answers_of(context.layout, manifest.to_json(), context.request.stages)
    answers = None if told is None else answers_report(told)
    if context.request.file:
        card = file_card(manifest, answers)
    else:
        card = model_card(context.model.title, manifest, words_of(context.model), answers)
    write_atomic(context.out / "MODEL.md", card)


def _played(context: Context, x: NDArray[Any]) -> NDArray[Any] | None:
    """What a bench of a chip of the streamed form plays of the first vector; None of other chips."""
    chip = files.chip(context)
    return played_inputs(chip.core, x[0])[None] if chip.streamed else None


def write_golden(
    out: Path,
    reference: Reference,
    x: NDArray[Any],
    classes: Sequence[str] | None,
    played: NDArray[Any] | None = None,
) -> None:
    """Write the golden vectors with the answers of a reference.

    Args:
        x: integer inputs of the whole test set, shape (vectors, inputs).
        classes: names of the classes that answers tell; None where they tell none.
        played: inputs that a bench plays which stores none and holds none, shape (1, inputs).
    """
    packed, answer = pack_inputs(x, reference.input_type), reference.output.layout
    scale, offset = reference.scaling or (None, None)
    size = packed.shape[1]
    layout = VectorFormat(len(x), x.shape[1], reference.input_type, size, answer, classes, scale, offset)
    answers, benched = (b"" if rows is None else answers_as_bytes(reference.run(rows), answer) for rows in (x, played))
    write_vectors(out, layout, packed.tobytes(), answers, benched)


def class_names(records: Records, answer: AnswerLayout) -> list[str] | None:
    """Names of the classes: the data's, or numbers of a file's; None where its vector is not known to tell a class."""
    if "data" in records:
        return list(records["data"].facts_as(DataFacts).classes)
    facts = records["integers"].facts_as(IntegersFacts)
    if not answer.classes and facts.accuracy is None:
        return None
    return [str(number) for number in range(facts.outputs)]


def summary(manifest: PackedManifest, records: Records) -> str:
    """What the package came to, in a few words."""
    checks = [asdict(check) for record in records.values() for check in record.checks.values()]
    return f"{len(manifest['files']) + 1} files; compared on the way: {sentence(checks)}"


def copy(path: Path, folder: Path) -> str:
    """Copy a file into a folder, and return its name."""
    shutil.copyfile(path, folder / path.name)
    return path.name
