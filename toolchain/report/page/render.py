"""Writes the pages: gathers, fills the templates, and puts style and drawings into the one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from toolchain.errors import BuildError
from toolchain.files import can_be_written, write_atomic
from toolchain.layout import Layout
from toolchain.model_folder import ModelFolder, folder_of
from toolchain.report.answers import Answers, answers_of
from toolchain.report.comparisons import words_of as vectors_in_words
from toolchain.report.explanation import LIMITS, NUMERIC, WAYS
from toolchain.report.page import commands, compare, deciding, energy, hardware, latency, network
from toolchain.report.page.confusion import AS_DRAWING, AS_TABLE, confusion_drawing, pairs
from toolchain.report.page.core_drawing import core_drawing
from toolchain.report.page.explained import explained
from toolchain.report.page.gather import Build, find_builds, gather
from toolchain.report.page.graph_drawing import cycles_of, graph_drawing
from toolchain.report.page.mistakes import error_rows, headline_error, mistakes, said_rows
from toolchain.report.page.values import mapping, text, texts
from toolchain.training.author import words_of

PAGE = "report.html"
OVERVIEW = "report.html"
_TEMPLATES = Path(__file__).with_name("templates")

ORIGINS = {
    "measured": "read from hardware: by a sensor or a clock of the machine that is named",
    "simulated": "computed by a simulator or an executor on the computer that built it, result by result",
    "synthesised": "counted in the netlist, before place and route",
    "routed": "counted, or timed, in the placed and routed design",
    "emulated": "a time taken on a simulated board or processor, which says nothing of how fast a real one is",
    "estimated": "computed by a formula before anything was built",
    "requested": "asked for; no tool has confirmed it yet",
    "synthetic": "of made-up data",
}
"""What each badge means; a model may say more of its synthetic data."""


def write_build_page(layout: Layout) -> Path:
    """Write `report.html` into a build's folder; the same inputs give the same bytes.

    Raises:
        BuildError: the build has no package, or the page cannot be written.
    """
    path = layout.variant_dir / PAGE
    write_atomic(path, build_page(layout))
    return path


def write_overview(root: Path, tell: Callable[[str], None] = lambda text: None) -> Path:
    """Write the page of every build below the folder of all builds, and `report.html` across them; returns that one.

    Args:
        tell: learns which page of a build cannot be written, one line each; the others are.

    Raises:
        BuildError: the page across all builds cannot be written.
    """
    builds, notices = _gather_all(root)
    unwritten = list(filter(None, (_why_unwritten(build, builds) for build in builds)))
    path = root / OVERVIEW
    if not can_be_written(root):
        raise BuildError(f"{root}: may not be written; copy it, and name the copy with GATEWEAVE_BUILD_DIR=")
    for reason in unwritten:
        tell(reason)
    write_atomic(path, _overview(builds, notices, root))
    return path


def _why_unwritten(build: Build, builds: Sequence[Build]) -> str | None:
    """Write the page of one build; None where it is written."""
    page = _build_page(build, builds)
    try:
        write_atomic(build.layout.variant_dir / PAGE, page)
    except BuildError as error:
        return str(error)
    return None


def build_page(layout: Layout) -> str:
    """The page of one build, with the other builds of the same network to compare with.

    Raises:
        BuildError: it has no package.
    """
    own = gather(layout)
    others = [b for b in _gather_all(layout.root)[0] if _network(b.layout) == _network(layout) and b.layout != layout]
    return _build_page(own, [*others, own])


def overview_page(root: Path) -> str:
    """The page across all builds; it says so where there is none."""
    builds, notices = _gather_all(root)
    return _overview(builds, notices, root)


def _gather_all(root: Path) -> tuple[list[Build], list[str]]:
    """All builds that can be read, and what is wrong with the others."""
    layouts, notices = find_builds(root)
    builds = []
    for layout in layouts:
        try:
            builds.append(gather(layout))
        except BuildError as error:
            notices.append(str(error))
    return builds, notices


def _network(layout: Layout) -> tuple[str, str]:
    return layout.request.model, layout.request.network


def _build_page(build: Build, builds: Sequence[Build]) -> str:
    try:
        return _filled_page(build, builds)
    except (TemplateError, KeyError, TypeError, AttributeError, ValueError) as error:
        path = build.layout.stage("package") / "manifest.json"
        reason = f"{type(error).__name__}: {error}"
        raise BuildError(f"{path}: is not as this version writes it ({reason}); run `make build` again") from error


def _filled_page(build: Build, builds: Sequence[Build]) -> str:
    layout, manifest = build.layout, build.manifest
    same = [other for other in builds if _network(other.layout) == _network(layout)]
    entries = compare.in_order(map(compare.entry, same))
    own = next(entry for entry in entries if entry.build is build)
    answers = answers_of(layout, manifest, build.seconds)
    scores = answers.scores() if answers else None
    accuracy = mapping(manifest, "accuracy") or (scores.to_json() if scores else {})
    return _render(
        "build.html.j2",
        title=f"{layout.request.model} on {build.title}",
        origins=_origins([folder_of(layout.request)]),
        rows_word=_rows_word(layout, manifest),
        build=build,
        request=layout.request,
        manifest=manifest,
        home=os.path.relpath(layout.root / OVERVIEW, layout.variant_dir),
        synthetic=network.synthetic(build),
        training=network.training(build),
        headline=_headline(own, answers),
        ladder=hardware.ladder(build),
        classes=network.classes(accuracy),
        foreign_accuracy=network.foreign_accuracy(build),
        how_to_run=commands.how_to_run(build),
        how_to_measure=commands.how_to_measure(build),
        baselines=network.baselines(build),
        front=network.front(build),
        decision=deciding.decision(build),
        **_confusion(network.confusion(mapping(accuracy, "confusion"))),
        **_answers(answers),
        layers=network.layers(build),
        layers_kind="estimated",
        graph_drawing=graph_drawing(build),
        graph_cycles=bool(cycles_of(build)),
        core_drawing=core_drawing(build),
        utilisation=hardware.utilisation(build),
        memories=hardware.memories(build),
        emulated=hardware.emulated(build),
        explained=explained(build),
        limit_columns=LIMITS,
        way_columns=WAYS,
        numeric=NUMERIC,
        estimated_of=hardware.estimated_of(build),
        too_dense=hardware.too_dense(build),
        resources=mapping(manifest, "resources"),
        critical_path=hardware.critical_path(build),
        cores=hardware.cores(build),
        newest_is_virtual=bool(build.runs) and hardware.is_virtual(build.runs[-1]),
        parts=latency.latency_parts(build),
        histogram=latency.latency_histogram(build),
        runs=latency.runs(build),
        graphs=latency.graph_rows(build),
        graph_chart=latency.graph_chart(build),
        where=latency.where_measured(build),
        traces=energy.power_traces(build),
        energy=energy.energy_table(build),
        comparison=[{**compare.row(entry), "own": entry is own, "href": ""} for entry in entries],
        plots=compare.plots("compare", entries),
        tradeoff=compare.tradeoff("compare", entries),
        absent=compare.absent_targets(entries),
        revision=text(manifest, "git", "revision"),
        dirty=mapping(manifest, "git").get("dirty") is True,
        tools=sorted(mapping(manifest, "tools").items()),
        packages=sorted(mapping(manifest, "packages").items()),
        seeds=sorted(mapping(manifest, "seeds").items()),
        files=sorted(mapping(manifest, "files").items()),
        seconds=[(stage, f"{seconds:.1f}") for stage, seconds in build.seconds.items()],
        data_notices=texts(manifest, "data", "notices"),
    )


def _confusion(found: network.Confusion | None) -> dict[str, Any]:
    """A matrix of few classes as a table, one of more as a drawing and pairs."""
    many = found is not None and len(found.classes) > AS_TABLE
    return {
        "confusion": None if many else found,
        "confusion_drawing": confusion_drawing(found)
        if found and AS_TABLE < len(found.classes) <= AS_DRAWING
        else None,
        "confused": pairs(found) if found and many else [],
    }


def _answers(answers: Answers | None) -> dict[str, Any]:
    """What the page shows of single answers."""
    return {
        "answers": answers,
        "vectors": vectors_in_words(answers.vectors) if answers else "",
        "errors": error_rows(answers) if answers else [],
        "said": said_rows(answers) if answers and answers.truth is None else [],
        "mistakes": mistakes(answers) if answers else [],
    }


def _headline(own: compare.Entry, answers: Answers | None) -> list[tuple[str, Any]]:
    build = own.build
    error = headline_error(answers) if answers else None
    tiles: list[tuple[str, Any]] = [("error", error) if error else ("accuracy", network.headline_accuracy(build))]
    tiles += [(f"latency, {value.of}", value.figure) for value in own.of("latency")]
    tiles += [("throughput", own.of("rate")[0].figure)]
    tiles += [("LUTs", lut)] if (lut := compare.row(own)["lut"]) else []
    tiles += [("clock", hardware.clock(build))] if "timing" in build.manifest else []
    return [*tiles, ("energy of an inference", energy.net_energy(build))]


def _overview(builds: Iterable[Build], notices: Sequence[str], root: Path) -> str:
    groups, folders = [], []
    for index, ((model, name), same) in enumerate(groupby(sorted(builds, key=_place), key=_place)):
        entries = compare.in_order(map(compare.entry, same))
        first = entries[0].build
        folders.append(folder_of(first.layout.request))
        groups.append(
            {
                "model": model,
                "network": name,
                "rows_word": _rows_word(first.layout, first.manifest),
                "training": network.training(first),
                "synthetic": network.synthetic(first),
                **_confusion(network.confusion(mapping(first.manifest, "accuracy", "confusion"))),
                "rows": [{**compare.row(entry), "own": False, "href": _href(entry, root)} for entry in entries],
                "plots": compare.plots(f"network-{index}", entries),
                "tradeoff": compare.tradeoff(f"network-{index}", entries),
                "absent": compare.absent_targets(entries),
            }
        )
    values = {"groups": groups, "notices": notices, "origins": _origins(folders)}
    return _render("overview.html.j2", title="Gateweave builds", **values)


def _rows_word(layout: Layout, manifest: Mapping[str, Any]) -> str:
    """What the rows of a network's data are called; of a file nobody says."""
    if layout.request.file is not None:
        return "vectors"
    return words_of(folder_of(layout.request)).rows_of(text(manifest, "data", "kind"))


def _origins(models: Iterable[ModelFolder]) -> dict[str, str]:
    """What each badge means, in the words of these models."""
    made_up = dict.fromkeys(words_of(model).made_up for model in models)
    return {**ORIGINS, **({"synthetic": f"of {'; of '.join(made_up)}"} if made_up else {})}


def _place(build: Build) -> tuple[str, str]:
    return _network(build.layout)


def _href(entry: compare.Entry, root: Path) -> str:
    return quote((entry.build.layout.variant_dir / PAGE).relative_to(root).as_posix())


def _render(template: str, **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(style=style, **values)
