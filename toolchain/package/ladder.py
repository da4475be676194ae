"""The ladder of verification: what must have been compared before anything is packed."""

from __future__ import annotations

from collections.abc import Mapping

from toolchain.errors import VerificationError
from toolchain.record import Check, StageRecord

# Least number of results that the checks of `simulate` must have compared, by flow.
_CORE = {"test set": 1, "back-pressure": 1000}
REQUIRED: Mapping[str, Mapping[str, int]] = {
    "fpga_open": {**_CORE, "chip": 64, "bench": 1},
    "dataflow": {**_CORE, "chip": 64, "bench": 1, "bursts": 64},
    "finn": {**_CORE, "FINN's execution": 64},
}
# Stages that must have compared something.
CHECKED = ("export", "streamline", "simulate")


def must_be_verified(records: Mapping[str, StageRecord], vectors: int, flow: str) -> None:
    """Refuse to go on where a rung of the ladder is missing or broken.

    Args:
        vectors: size of the whole test set, which the simulation must have covered.

    Raises:
        VerificationError: a stage lacks a check, compared too little, or found a difference.
    """
    for stage in CHECKED:
        if not records[stage].checks:
            raise VerificationError(f"{stage}: nothing was verified; it cannot be packaged")
    for stage, record in records.items():
        for name, check in record.checks.items():
            _must_be_equal(stage, name, check)
    for name, least in REQUIRED[flow].items():
        needed = vectors if name == "test set" else min(least, vectors)
        _must_cover("simulate", name, records["simulate"].checks.get(name), needed)


def _must_be_equal(stage: str, name: str, check: Check) -> None:
    if check.equal != check.compared:
        differing = check.compared - check.equal
        raise VerificationError(
            f"{stage}: {name}: {differing} of {check.compared} results differ; it cannot be packaged"
        )


def _must_cover(stage: str, name: str, check: Check | None, least: int) -> None:
    compared = check.compared if check else 0
    if compared < least:
        raise VerificationError(
            f"{stage}: {name}: {compared} results were compared, at least {least} are needed to package"
        )
