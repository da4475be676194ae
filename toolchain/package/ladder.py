"""The ladder of verification: what must have been compared before anything is packed."""

from __future__ import annotations

from collections.abc import Mapping

from toolchain.errors import VerificationError
from toolchain.results.record import Check, StageRecord

# Least number of results that checks of a flow's proving stage must have compared.
_CORE = {"test set": 1, "back-pressure": 1000}
REQUIRED: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "fpga_open": ("simulate", {**_CORE, "chip": 64, "bench": 1}),
    "dataflow": ("simulate", {**_CORE, "chip": 64, "bench": 1, "bursts": 64}),
    "finn": ("simulate", {**_CORE, "FINN's execution": 64}),
    "ort": ("prove", {}),
}
# Stages that must have compared something, where a build has them.
CHECKED = ("export", "streamline", "simulate", "prove")
# These must have covered every vector: the test set, and every graph for ONNX Runtime.
_WHOLE = ("test set", "FINN's execution")


def must_be_verified(records: Mapping[str, StageRecord], vectors: int, flow: str) -> None:
    """Refuse to go on where a rung of the ladder is missing or broken.

    Args:
        vectors: size of the whole test set, which the proving stage must have covered.

    Raises:
        VerificationError: a stage lacks a check, compared too little, or found a difference.
    """
    proving, required = REQUIRED[flow]
    for stage in CHECKED:
        if (stage in records or stage == proving) and not records[stage].checks:
            raise VerificationError(f"{stage}: nothing was verified; it cannot be packaged")
    for stage, record in records.items():
        for name, check in record.checks.items():
            _must_be_equal(stage, name, check)
    checks = records[proving].checks
    for name in required or checks:
        least = required.get(name, vectors)
        needed = vectors if name in _WHOLE else min(least, vectors)
        _must_cover(proving, name, checks.get(name), needed)


def _must_be_equal(stage: str, name: str, check: Check) -> None:
    if not check.kept:
        raise VerificationError(
            f"{stage}: {name}: {check.differing} of {check.compared} {check.what} differ; it cannot be packaged"
        )


def _must_cover(stage: str, name: str, check: Check | None, least: int) -> None:
    compared = check.compared if check else 0
    if compared < least:
        raise VerificationError(
            f"{stage}: {name}: {compared} results were compared, at least {least} are needed to package"
        )
