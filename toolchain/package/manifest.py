"""`manifest.json`: what is in a package, where it came from, and what was proved on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from toolchain.board import AnyBoard
from toolchain.layout import Request
from toolchain.package.revision import git_revision
from toolchain.results import figures
from toolchain.results.account import Account, account
from toolchain.results.facts import (
    CompileFacts,
    DataFacts,
    EmulateFacts,
    GenerateFacts,
    IntegersFacts,
    LoadFacts,
    StreamlineFacts,
)
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.hardware import Identity
from toolchain.results.facts.mcu import Sizes
from toolchain.results.facts.network import FrontPoint, Layer
from toolchain.results.manifest import (
    Accuracy,
    EstimateOf,
    Graphs,
    Latency,
    Manifest,
    Recipe,
    Resources,
    StageEntry,
    Timing,
)
from toolchain.results.record import StageRecord, token_of


@dataclass(frozen=True)
class Origin:
    """Where a package comes from.

    Attributes:
        recipe: the recipe's values, seeds among them.
        packages: versions of the Python packages that made it.
        root: the repository.
    """

    request: Request
    board: AnyBoard
    recipe: Mapping[str, Any]
    packages: Mapping[str, str]
    root: Path


def build_manifest(origin: Origin, records: Mapping[str, StageRecord]) -> Manifest:
    """The manifest without its files; equal builds of one revision give equal manifests.

    Nothing in it depends on when, where or how fast the build ran.
    """
    request = origin.request
    return Manifest(
        model=request.model,
        board=request.board,
        flow=request.flow,
        strategy=request.core,
        variant=request.variant,
        fps=request.fps,
        recipe=Recipe(name="file" if request.file else request.recipe, **origin.recipe),
        seeds=_seeds(origin, records),
        git=git_revision(origin.root),
        tools=tool_versions(records),
        packages=dict(origin.packages),
        stages={name: stage_entry(record) for name, record in records.items()},
        **(_foreign_network(records) if request.file else _network(records)),
        **_made(request.flow, records),
    )


class _Network(TypedDict, total=False):
    layers: tuple[Layer, ...]
    data: DataFacts | None
    accuracy: Accuracy | None
    front: tuple[FrontPoint, ...]
    decision: Decision
    account: Account
    file: LoadFacts
    integers: IntegersFacts


def _network(records: Mapping[str, StageRecord]) -> _Network:
    layers = records["streamline"].facts_as(StreamlineFacts).layers
    told: _Network = {
        "layers": layers,
        "data": figures.data(records),
        "accuracy": figures.accuracy(records),
        "front": figures.front(records),
    }
    if (decision := figures.decision(records)) is not None:
        told["decision"] = decision
    told["account"] = account(records)
    return told


def _foreign_network(records: Mapping[str, StageRecord]) -> _Network:
    """What is known of a network that somebody else made: its file, and what it was proved on."""
    told: _Network = {"file": records["load"].facts_as(LoadFacts).formless(), "data": None, "accuracy": None}
    if "integers" in records:
        integers = records["integers"].facts_as(IntegersFacts).formless()
        told |= {"integers": integers, "layers": integers.layers}
    return told


class _Made(TypedDict, total=False):
    status: Literal["bitstream", "handoff", "runnable"]
    identity: Identity
    resources: Resources
    timing: Timing
    estimate: EstimateOf
    graphs: Graphs
    latency: Latency
    memory: Sizes
    emulated: EmulateFacts


def _made(flow: str, records: Mapping[str, StageRecord]) -> _Made:
    kinds = {"ort": _runtime, "mcu": _microcontroller}
    return kinds.get(flow, _hardware)(records)


def _microcontroller(records: Mapping[str, StageRecord]) -> _Made:
    made, ran = records["compile"].facts_as(CompileFacts), records["emulate"].facts_as(EmulateFacts)
    return {"status": "runnable", "identity": made.identity, "memory": made.sizes, "emulated": ran.formless()}


def _hardware(records: Mapping[str, StageRecord]) -> _Made:
    return {
        "status": figures.status(records),
        "identity": records["generate"].facts_as(GenerateFacts).identity,
        "resources": figures.resources(records),
        "timing": figures.timing(records),
        "estimate": figures.estimate(records),
    }


def _runtime(records: Mapping[str, StageRecord]) -> _Made:
    return {"status": "runnable", "graphs": figures.graphs(records), "latency": figures.latency(records)}


def _seeds(origin: Origin, records: Mapping[str, StageRecord]) -> dict[str, int]:
    parts = {part: section for part, section in origin.recipe.items() if isinstance(section, dict)}
    seeds = {part: section["seed"] for part, section in parts.items() if "seed" in section}
    placed = figures.placed_by(records)
    return seeds if placed is None else {**seeds, "place and route": placed}


def stage_entry(record: StageRecord) -> StageEntry:
    """A stage's part of the manifest: outputs, verification, tools; `token` tells its record apart."""
    return StageEntry(
        token=token_of(record),
        outputs=record.outputs,
        verified=record.verified,
        checks=record.checks,
        tools=record.tools,
    )


def tool_versions(records: Mapping[str, StageRecord]) -> dict[str, str]:
    """Versions of all tools that ran, by name."""
    return {name: v for record in records.values() for name, v in record.tools.items()}
