"""One object that says what a build came to: `gateweave show --json`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from toolchain.device.checksums import MANIFEST
from toolchain.errors import BuildError
from toolchain.integrity import remade_input
from toolchain.layout import Layout, Request, base_folder, build_root
from toolchain.model_origin import origin_of
from toolchain.report.answer_lines import answers_report
from toolchain.report.answers import answers_of
from toolchain.report.beside import beside_of, newest_measurement
from toolchain.results.again import build_words
from toolchain.results.built import read_built
from toolchain.results.facts import CompareFacts, CoreRow
from toolchain.results.figures import baselines
from toolchain.results.manifest import Manifest, StageEntry
from toolchain.results.record import StageRecord, read_record, token_of
from toolchain.results.report import AnswersReport, ComparedAccuracy, Report, StageReport
from toolchain.results.request import read_newest

_GROUPS = ("data", "resources", "timing", "estimate", "file", "integers", "graphs", "latency", "memory", "emulated")


def latest_layout(board: str, model: str) -> Layout:
    """The newest build of a model for a board.

    Raises:
        BuildError: there is none.
    """
    root = build_root()
    pointer = root / model / board / "latest.json"
    if not pointer.is_file():
        raise BuildError(_not_built(board, model))
    return Layout(read_newest(pointer), root)


def report_of(layout: Layout) -> Report:
    """The report of a build, from the manifest of its package and its stages' records.

    Raises:
        BuildError: the package has not been built, its manifest was altered since, or an older version wrote it.
    """
    manifest, folder = _manifest(layout), layout.stage("package")
    groups = {name: getattr(manifest, name) for name in _GROUPS}
    stages, measured = _stages(layout, manifest), newest_measurement(layout, manifest)
    return Report(
        **{name: getattr(manifest, name) for name in ("model", "board", "flow", "strategy", "status", "git")},
        recipe=manifest.recipe.name,
        complete=layout.token("package").exists(),
        **groups,
        accuracy=_accuracy(layout, manifest),
        front=manifest.front,
        decision=manifest.decision,
        account=manifest.account,
        beside=beside_of(layout, manifest, measured),
        comparison=_comparison(layout, manifest),
        not_run=_not_run(layout, manifest),
        measurement=measured,
        answers=_answers(layout, manifest, stages),
        stages=stages,
        files={role: shown(folder / name) for role, name in manifest.roles.items()},
    )


def shown(path: Path) -> str:
    """A path as people and scripts want it: from the folder they work in, where it lies in there."""
    return str(path.relative_to(base_folder())) if path.is_relative_to(base_folder()) else str(path)


def _accuracy(layout: Layout, manifest: Manifest) -> ComparedAccuracy | None:
    """The package's own, with the baselines where they were made."""
    own = manifest.accuracy
    if own is None:
        return None
    record = _current(layout, "baselines")
    return ComparedAccuracy.model_validate({**own.to_json(), **(baselines(record, own) if record else {})})


def _answers(layout: Layout, manifest: Manifest, stages: Mapping[str, StageReport]) -> AnswersReport | None:
    """Of the stages that are still those of the package: they have seconds."""
    current = {name for name, stage in stages.items() if stage.seconds is not None}
    answers = answers_of(layout, manifest.to_json(), current)
    return None if answers is None else answers_report(answers)


def _comparison(layout: Layout, manifest: Manifest) -> tuple[CoreRow, ...] | None:
    """FINN's core and ours side by side, where they were made, and what Vivado measured of the one that was built."""
    record, own = _current(layout, "compare"), manifest.comparison
    measured = [row for row in own if row.kind == "measured"]
    rows = (*record.facts_as(CompareFacts).rows, *measured) if record else own
    return rows or None


def _not_run(layout: Layout, manifest: Manifest) -> tuple[str, ...]:
    """What is made on demand only, and has not been made of this build."""
    told = {"baselines": False, "compare": len(manifest.comparison) > 1}
    stages = layout.request.targets["all_compared"]
    return tuple(stage for stage in stages if not told[stage] and _current(layout, stage) is None)


def _current(layout: Layout, stage: str) -> StageRecord | None:
    """The record of a stage on demand, if it has finished and was made of what there is now."""
    if stage not in layout.request.on_demand_stages or not layout.token(stage).exists():
        return None
    record = _record(layout, stage)
    return record if record and remade_input(layout, record) is None else None


def _manifest(layout: Layout) -> Manifest:
    if not (layout.stage("package") / MANIFEST).exists():
        request = layout.request
        raise BuildError(_not_built(request.board, request.model, request))
    return read_built(layout)


def _stages(layout: Layout, manifest: Manifest) -> dict[str, StageReport]:
    """The stages as the package was made from them; a record that has moved on lends no seconds."""
    entries, request = manifest.stages, layout.request
    packed = {name: _entry(layout, name, entries[name]) for name in request.stages if name in entries}
    own = {name: _own(layout, name) for name in ("package", *request.on_demand_stages)}
    return {**packed, **{name: entry for name, entry in own.items() if entry}}


def _entry(layout: Layout, stage: str, packed: StageEntry) -> StageReport:
    record = _record(layout, stage)
    current = record is not None and token_of(record) == packed.token
    return StageReport(
        seconds=record.seconds if record and current else None,
        outputs=_shown_outputs(layout, packed.outputs),
        verified=packed.verified,
        checks=packed.checks,
    )


def _own(layout: Layout, stage: str) -> StageReport | None:
    record = _current(layout, stage) if stage != "package" else _record(layout, stage)
    if record is None or not layout.token(stage).exists():
        return None
    return StageReport(
        seconds=record.seconds,
        outputs=_shown_outputs(layout, record.outputs),
        verified=record.verified,
        checks=record.checks,
    )


def _shown_outputs(layout: Layout, outputs: Mapping[str, str]) -> dict[str, str]:
    return {shown(layout.root / name): digest for name, digest in outputs.items()}


def _record(layout: Layout, stage: str) -> StageRecord | None:
    try:
        return read_record(layout, stage)
    except BuildError:
        return None


def _not_built(board: str, model: str, request: Request | None = None) -> str:
    asked = build_words(request) if request else f"BOARD={board} MODEL={shlex.quote(str(origin_of(model) or model))}"
    found = built_variants(board, model)
    if found:
        return f"{asked} has not been built; built for {board}: {', '.join(found)}; build it with `make build {asked}`"
    others = built_networks(board)
    also = f"; built for {board}: {', '.join(others)} (MODEL={others[0]})" if others else ""
    return f"{model} has not been built for {board} yet; run `make build {asked}`{also}"


def built_networks(board: str) -> list[str]:
    """Networks that have a package for a board, by the names that MODEL= takes."""
    found = build_root().glob(f"*/{board}/*/package/manifest.json")
    return sorted({path.relative_to(build_root()).parts[0] for path in found})


def built_variants(board: str, model: str) -> list[str]:
    """Folders in build/MODEL/BOARD that hold a package, such as `default-folded-fps50000`."""
    found = (build_root() / model / board).glob("*/package/manifest.json")
    return sorted(path.parent.parent.name for path in found)
