"""The ladder of verification: what must have been compared before anything is packed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from toolchain.errors import VerificationError
from toolchain.results.check import Check
from toolchain.results.facts import FoldFacts, LibraryFacts, MapFacts
from toolchain.results.folding import FoldedUnits
from toolchain.results.record import StageRecord
from toolchain.stages import ANY, Stage


def must_be_verified(records: Mapping[str, StageRecord], vectors: int, stages: Iterable[Stage]) -> None:
    """Refuse to go on where a check that the table of stages asks for is missing, too small or unequal.

    Args:
        records: of all `stages`, by name.
        vectors: size of the whole test set.

    Raises:
        VerificationError: a stage lacks a check, compared too little, or found a difference.
    """
    sampled = _may_be_sampled(records)
    for stage in stages:
        checks = records[stage.name].checks
        for name, check in checks.items():
            _must_be_equal(stage.name, name, check)
        if _left_out(records[stage.name]):
            continue
        for name, proof in stage.proves.items():
            _must_cover(stage.name, name, checks, proof.least(vectors, sampled=sampled))


def _left_out(record: StageRecord) -> bool:
    """Whether the stage made nothing, and says why: a float network is none of whole numbers."""
    return isinstance(record.facts, LibraryFacts) and record.facts.left_out is not None


def _may_be_sampled(records: Mapping[str, StageRecord]) -> bool:
    """Whether the core is one of units, or one of FINN's that works on images."""
    made = [records[name].facts for name in ("fold", "map") if name in records]
    return any(
        (isinstance(facts, FoldFacts) and isinstance(facts.folding, FoldedUnits))
        or (isinstance(facts, MapFacts) and facts.has_windows)
        for facts in made
    )


def _must_be_equal(stage: str, name: str, check: Check) -> None:
    if not check.kept:
        raise VerificationError(
            f"{stage}: {name}: {check.differing} of {check.compared} {check.what} differ; it cannot be packaged"
        )


def _must_cover(stage: str, name: str, checks: Mapping[str, Check], least: int) -> None:
    asked = list(checks) if name == ANY else [name]
    if not asked:
        raise VerificationError(f"{stage}: nothing was verified; it cannot be packaged")
    for one in asked:
        compared = checks[one].compared if one in checks else 0
        if compared < least:
            raise VerificationError(
                f"{stage}: {one}: {compared} results were compared, at least {least} are needed to package"
            )
