"""The record every stage leaves beside its outputs: what it wrote, how long it took, what it proved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from toolchain.errors import BuildError
from toolchain.files import write_json

What = Literal["outputs", "labels", "layers", "replies", "results"]
"""What is compared of each vector: every output, the label, every element of every layer; `replies` are a chip's words
on itself. `results`: a record of an older build, which does not say."""

VectorKind = Literal["test set", "calibration", "random", ""]
"""Which vectors: the test set, calibration data that was given, random ones; none with `replies` and older records."""


@dataclass(frozen=True)
class Check:
    """One comparison of a verification.

    Attributes:
        compared, equal: vectors (or replies) that were compared, and those that were equal.
        tolerance: outputs this close, relative to the greatest magnitude of their row, count as equal.
        allowed: how many may differ by what was promised.
    """

    compared: int
    equal: int
    what: What
    vectors: VectorKind
    tolerance: float = 0.0
    allowed: int = 0

    @property
    def differing(self) -> int:
        """How many were not equal."""
        return self.compared - self.equal

    @property
    def kept(self) -> bool:
        """Whether no more differ than may."""
        return self.differing <= self.allowed


_PASSING = {"seconds", "causes", "inputs"}
_MOST_SECONDS = 1e9
_UNSAID = {"what": "results", "vectors": ""}


@dataclass(frozen=True)
class StageRecord:
    """What one stage did.

    Attributes:
        stage: name of the stage, such as ``"simulate"``.
        seconds: wall-clock time of the stage.
        outputs: SHA-256 of every file it wrote, by path relative to the working directory.
        checks: the verifications it made, by name; empty where there was nothing to compare.
        facts: figures for the manifest (resources, timing, accuracy), plain JSON.
        tools: versions of the tools that ran.
        causes: what it was made of, one word each, such as ``"recipe:6c5f..."``; empty in records of older versions.
        inputs: the tokens of the stages it waited for, by stage.
    """

    stage: str
    seconds: float
    outputs: Mapping[str, str]
    checks: Mapping[str, Check] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    causes: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def verified(self) -> dict[str, int] | None:
        """Sums over all checks, or None where the stage compares nothing."""
        if not self.checks:
            return None
        return {
            "compared": sum(c.compared for c in self.checks.values()),
            "equal": sum(c.equal for c in self.checks.values()),
        }


def write_record(path: Path, record: StageRecord) -> None:
    """Write a stage's record as JSON."""
    write_json(path, {**asdict(record), "verified": record.verified})


def read_record(path: Path) -> StageRecord:
    """Read a record written by `write_record`.

    Raises:
        BuildError: the file is missing or is not a record.
    """
    try:
        raw = json.loads(path.read_text())
        checks = {name: Check(**{**_UNSAID, **check}) for name, check in raw["checks"].items()}
        made_of = (tuple(raw.get("causes", ())), raw.get("inputs", {}))
        _must_be_plain(raw)
        return StageRecord(raw["stage"], raw["seconds"], raw["outputs"], checks, raw["facts"], raw["tools"], *made_of)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BuildError(f"{path}: not a stage record ({error}); run the build again") from error


def _must_be_plain(raw: Mapping[str, Any]) -> None:
    seconds = raw["seconds"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_SECONDS:
        raise ValueError(f"seconds: {str(seconds)[:80]}: should be 0 to {_MOST_SECONDS:g}")
    for name in ("outputs", "facts", "tools"):
        if not isinstance(raw[name], dict):
            raise ValueError(f"{name}: should be an object")


def token_of(record: StageRecord) -> str:
    """SHA-256 of what a record says of the work: equal work gives equal tokens, whenever and why ever it was done."""
    lasting = {key: value for key, value in asdict(record).items() if key not in _PASSING}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def read_token(path: Path) -> str | None:
    """The token that a finished stage left; None where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return None
