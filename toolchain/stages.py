"""The table of stages, as `flows/stages.yaml` holds it: what each stage runs, waits for, says and proves.

Rules, paths, the plan, progress, what is stale, the ladder of verification and the report's rows are derived from it.
`python -m flows.stage_table` prints the table of flows/README.md; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from toolchain.yaml_file import load_yaml

TABLE = Path(__file__).resolve().parent.parent / "flows" / "stages.yaml"

When = Literal["build", "trial", "verify", "compare"]
ANY = "*"
"""The name of a check that stands for all checks of a stage."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Proof(_Row):
    """A check that a stage must have made.

    Attributes:
        means: what is compared with what; `{}` stands for the check's name.
        vectors: how many it must have compared at least, or the whole test set; never more than that holds.
        sampled: how many of a core of units or of FINN's windows, which may be too large to simulate on all; None: as
            many as of others.
        flows: those in which the stage makes it; () for all.
    """

    means: str
    vectors: int | Literal["whole"] = 1
    sampled: int | None = None
    flows: tuple[str, ...] = ()

    def least(self, whole: int, *, sampled: bool = False) -> int:
        """How many vectors it must have compared where the test set holds `whole`; of a core of units `sampled`."""
        asked = self.sampled if sampled and self.sampled is not None else self.vectors
        return whole if asked == "whole" else min(asked, whole)


class Remade(_Row):
    """What re-runs a stage, beside its code, the pinned packages and the stages it waits for.

    Attributes:
        model: modules of the model's folder that it loads.
        recipe, board: sections that it depends on; None for none of them.
        request: options of the request.
        files: files of the person's own that it reads.
        tools: tools outside the environment whose version counts.
        with_section: modules that it loads only where the recipe has a section of that name.
    """

    model: tuple[str, ...] = ()
    recipe: tuple[str, ...] | None = None
    board: tuple[str, ...] | Literal["all"] | None = None
    request: tuple[Literal["fps", "strategy", "clock", "outputs", "wheels", "vectors", "toggles"], ...] = ()
    files: Literal["captures", "network"] | None = None
    tools: Literal["vivado", "nextpnr"] | None = None
    with_section: Mapping[str, str] = {}


class Row(_Row):
    """A stage as the table has it; see the head of `flows/stages.yaml`."""

    says: str
    needs: tuple[str, ...] | Literal["network", "all"] = ()
    flows: tuple[str, ...] = ()
    when: When = "build"
    remade_by: Remade = Remade()
    proves: Mapping[str, Proof] = {}
    facts: str = ""


class _Table(_Row):
    flows: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, Mapping[str, Row]]


@dataclass(frozen=True)
class Stage:
    """A stage in a flow.

    Attributes:
        part: the part of the table that it stands in.
        needs: the stages that it waits for.
        proves: its checks in this flow, by name.
    """

    name: str
    part: str
    row: Row
    needs: tuple[str, ...]
    proves: Mapping[str, Proof]

    @property
    def module(self) -> str:
        """The module that does its work."""
        return f"flows.stages.{self.part}.{self.name}"

    @property
    def is_shared(self) -> bool:
        """Whether its outputs are the network's, which every board shares."""
        return self.part in _NETWORK_PARTS and self.row.when != "trial"

    def meaning(self, check: str) -> str:
        """What a check of this stage compares with what."""
        proof = self.proves.get(check) or self.proves.get(ANY)
        return (proof.means if proof else "{}").format(check.replace("_", " "))


_NETWORK_PARTS = ("network", "foreign")


def flows() -> tuple[str, ...]:
    """The names of all flows."""
    return tuple(_table().flows)


def parts() -> Mapping[str, Mapping[str, Row]]:
    """The rows of each part of the table, by stage."""
    return _table().parts


@cache
def stages_of(flow: str, foreign: bool) -> Mapping[str, Stage]:
    """All stages that a build may have, in order: the build's own, those before a training, those on demand.

    Args:
        foreign: whether the network is a file that somebody else made.
    """
    chosen = (_NETWORK_PARTS[foreign], *_table().flows[flow])
    every = [(part, name, row) for part in chosen for name, row in _table().parts[part].items()]
    rows = [found for found in every if not found[2].flows or flow in found[2].flows]
    ordered = [found for when in ("build", "trial", "verify", "compare") for found in rows if found[2].when == when]
    built = [(part, name) for part, name, row in ordered if row.when == "build"]
    left_out = {name for _, name, _ in every} - {name for _, name, _ in rows}

    def stage(part: str, name: str, row: Row) -> Stage:
        needs = tuple(needed for needed in _needs(row, name, built, foreign) if needed not in left_out)
        return Stage(name, part, row, needs, _proves(row, flow))

    return {name: stage(part, name, row) for part, name, row in ordered}


@cache
def _table() -> _Table:
    return load_yaml(TABLE, _Table, "flows/stages.yaml")


def _needs(row: Row, stage: str, built: list[tuple[str, str]], foreign: bool) -> tuple[str, ...]:
    if row.needs == "all":
        return tuple(name for _, name in built if name != stage)
    if row.needs == "network":
        return tuple(name for part, name in built if part in _NETWORK_PARTS)
    if foreign:
        # A file stands in the place of all that a model's network is made by.
        own, last = _table().parts["network"], [name for part, name in built if part == "foreign"][-1]
        return tuple(dict.fromkeys(last if name in own else name for name in row.needs))
    return row.needs


def _proves(row: Row, flow: str) -> dict[str, Proof]:
    return {name: proof for name, proof in row.proves.items() if not proof.flows or flow in proof.flows}
