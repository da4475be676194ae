"""The record every stage leaves beside its outputs: what it wrote, how long it took, what it proved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field

from toolchain.errors import BuildError
from toolchain.layout import Layout
from toolchain.results.again import build_command
from toolchain.results.check import Check, Sums
from toolchain.results.facts import AnyFacts, Facts
from toolchain.results.model import RecordFile, read_file, write_file

F = TypeVar("F", bound=Facts)


class StageRecord(RecordFile):
    """What one stage did.

    Attributes:
        stage: name of the stage, such as ``"simulate"``.
        seconds: wall-clock time of the stage.
        outputs: SHA-256 of every file it wrote, by path relative to the working directory.
        checks: the verifications it made, by name; empty where there was nothing to compare.
        facts: what it found out, or None.
        tools: versions of the tools that ran.
        causes: what it was made of, one word each, such as ``"recipe:6c5f..."``.
        inputs: the tokens of the stages it waited for, by stage.
    """

    VERSION: ClassVar[int] = 3
    TITLE: ClassVar[str] = "stage record"

    stage: str
    seconds: Annotated[float, Field(ge=0, le=1e9)]
    outputs: Mapping[str, str]
    checks: Mapping[str, Check] = {}
    facts: AnyFacts | None = None
    tools: Mapping[str, str] = {}
    causes: tuple[str, ...] = ()
    inputs: Mapping[str, str] = {}

    @property
    def verified(self) -> Sums | None:
        """Sums over all checks, or None where the stage compares nothing."""
        if not self.checks:
            return None
        checks = self.checks.values()
        return Sums(sum(check.compared for check in checks), sum(check.equal for check in checks))

    def facts_as(self, kind: type[F]) -> F:
        """The facts as the model that the stage hands back.

        Raises:
            BuildError: they are of another one.
        """
        if not isinstance(self.facts, kind):
            found = type(self.facts).__name__ if self.facts else "none"
            raise BuildError(f"{self.stage}: its record holds {found} instead of {kind.__name__}; build again")
        return self.facts

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with every key; of facts those that were said, and which they are."""
        facts = self.facts and {"form": self.facts.form, **self.facts.to_json()}
        whole = self.model_dump(mode="json", exclude={"facts"})
        return {**whole, "facts": facts}


def write_record(path: Path, record: StageRecord) -> None:
    """Write a stage's record as JSON."""
    write_file(path, record)


def read_record(layout: Layout, stage: str) -> StageRecord:
    """A stage's record, as `write_record` wrote it.

    Raises:
        OtherVersionError: another version of Gateweave wrote it; says what to build again.
        BuildError: the file is missing or is not a record.
    """
    return read_file(layout.record(stage), StageRecord, build_command(layout.request))


def token_of(record: StageRecord) -> str:
    """SHA-256 of what a record says of the work: equal work gives equal tokens, whenever and why ever it was done."""
    lasting = {
        "stage": record.stage,
        "outputs": dict(record.outputs),
        "checks": {name: asdict(check) for name, check in record.checks.items()},
        "facts": record.facts.to_json() if record.facts else {},
        "tools": dict(record.tools),
    }
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def read_token(path: Path) -> str | None:
    """The token that a finished stage left; None where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return None
