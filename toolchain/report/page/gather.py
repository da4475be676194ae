"""What a page is made of: a build's manifest, its stages' records, and what was run and measured on its board.

All but the manifest may be absent, and any file may be of an older form or damaged: the page then says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.catalog import load_board
from toolchain.errors import BuildError, GateweaveError
from toolchain.integrity import remade_input
from toolchain.layout import Layout
from toolchain.report.page.reading import plain, read_object, showable
from toolchain.report.page.values import mapping, text
from toolchain.results.belonging import belongs, marks_of
from toolchain.results.built import built_manifest
from toolchain.results.record import StageRecord, read_record, token_of
from toolchain.results.request import read_request

_FOLDER = "measurements"
_SHOWN = 5


@dataclass(frozen=True)
class Result:
    """One file of a run or a measurement.

    Attributes:
        name: the file's, without its suffix.
        content: what it says.
        raw: the raw samples beside it, or None.
    """

    name: str
    content: Mapping[str, Any]
    raw: Path | None


@dataclass(frozen=True)
class Build:
    """Everything that is known of one build.

    Attributes:
        facts: of every stage whose record is still the one that was packed, by stage.
        checks: {"compared", "equal"} by stage and check, stages in the order in which they ran.
        seconds: of every stage that `facts` holds.
        title: the board's.
        capacity: of its FPGA by resource; empty where it has none.
        runs, measurements: oldest first; runs are those with all settings as built.
        notices: what could not be read.
    """

    layout: Layout
    manifest: Mapping[str, Any]
    facts: Mapping[str, Mapping[str, Any]]
    checks: Mapping[str, Mapping[str, Mapping[str, Any]]]
    seconds: Mapping[str, float]
    title: str
    capacity: Mapping[str, Any]
    runs: tuple[Result, ...] = ()
    measurements: tuple[Result, ...] = ()
    notices: tuple[str, ...] = ()


def gather(layout: Layout) -> Build:
    """Read all that is known of a build.

    Raises:
        BuildError: it has no package, or the package's manifest cannot be read or was altered.
    """
    manifest, lost = showable(built_manifest(layout))
    notices: list[str] = [f"manifest.json: {one}" for one in lost[:_SHOWN]]
    results = list(_results(layout, manifest, notices))
    records = dict(_records(layout, manifest))
    title, capacity = _board(layout.request.board, manifest)
    return Build(
        layout,
        manifest,
        {name: plain(record.facts.to_json()) for name, record in records.items() if record.facts},
        dict(_checks(layout, manifest, records)),
        {name: record.seconds for name, record in records.items()},
        title,
        capacity,
        tuple(
            result for result in results if result.content.get("what") == "run" and not result.content.get("settings")
        ),
        tuple(result for result in results if result.content.get("what") != "run"),
        tuple(notices),
    )


def find_builds(root: Path) -> tuple[list[Layout], list[str]]:
    """The layouts of all builds that ended in a package, by model, board and variant; and what could not be read."""
    layouts, notices = [], []
    for manifest in sorted(root.glob("*/*/*/package/manifest.json")):
        folder = manifest.parent.parent
        layout = _layout(folder, root)
        if layout is None or layout.variant_dir != folder:
            notices.append(f"{folder.relative_to(root)}: request.json does not say what was built; build it again")
        else:
            layouts.append(layout)
    return layouts, notices


def _layout(folder: Path, root: Path) -> Layout | None:
    """The layout of a folder; requests of older builds lack what is now the default."""
    try:
        layout = Layout(read_request(folder / "request.json"), root)
        return layout if layout.variant_dir and layout.stage("package") else None
    except (ValueError, KeyError, GateweaveError):
        return None


def _records(layout: Layout, manifest: Mapping[str, Any]) -> Iterator[tuple[str, StageRecord]]:
    """Records that are those of the package; a stage that was redone since has other facts."""
    for stage in (*layout.request.stages, *layout.request.on_demand_stages):
        try:
            record = read_record(layout, stage)
        except BuildError:
            continue
        packed = text(manifest, "stages", stage, "token")
        made = layout.token(stage).exists() and remade_input(layout, record) is None
        if packed == token_of(record) if packed else made:
            yield stage, record


def _checks(
    layout: Layout, manifest: Mapping[str, Any], records: Mapping[str, StageRecord]
) -> Iterator[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    for stage in (*layout.request.stages, *layout.request.on_demand_stages):
        packed = mapping(manifest, "stages", stage, "checks")
        if packed:
            yield stage, packed
        elif stage in records and records[stage].checks:
            yield stage, {name: vars(check) for name, check in records[stage].checks.items()}


def _board(name: str, manifest: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    try:
        board = load_board(name)
    except GateweaveError:
        return text(manifest, "board_title") or name, mapping(manifest, "capacity")
    fpga = getattr(board, "fpga", None)
    resources = getattr(fpga, "resources", None)
    capacity = resources.model_dump() if resources is not None and hasattr(resources, "model_dump") else resources
    return board.title, capacity or mapping(manifest, "capacity")


def _results(layout: Layout, manifest: Mapping[str, Any], notices: list[str]) -> Iterator[Result]:
    marks = marks_of(layout, manifest)
    for path in sorted((layout.board_dir / _FOLDER).glob("*.json")):
        content, lost = read_object(path)
        notices += [f"{_FOLDER}/{path.name}: {one}" for one in lost[:_SHOWN]]
        if content is None:
            notices.append(f"{_FOLDER}/{path.name}: cannot be read; run or measure again")
            continue
        own = belongs(content, marks)
        if own is None:
            notices.append(f"{_FOLDER}/{path.name}: does not say which build it was taken from; shown all the same")
        if own is not False:
            raw = path.with_name(f"{path.stem}.raw.jsonl")
            yield Result(path.stem, content, raw if raw.is_file() else None)
