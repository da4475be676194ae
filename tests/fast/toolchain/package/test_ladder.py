from __future__ import annotations

import pytest

from tests.fast.toolchain.fabricated import records
from toolchain.errors import VerificationError
from toolchain.package.ladder import must_be_verified
from toolchain.results.check import Check
from toolchain.results.facts import LibraryFacts
from toolchain.stages import Stage, stages_of


def packed(flow: str) -> list[Stage]:
    """The stages that a package is made of."""
    return [s for name, s in stages_of(flow, foreign=False).items() if s.row.when == "build" and name != "package"]


def test_a_whole_ladder_passes() -> None:
    must_be_verified(records(), 100, packed("fpga_open"))


@pytest.mark.parametrize("stage", ["export", "streamline", "simulate"])
def test_a_stage_without_verification_is_refused(stage: str) -> None:
    found = records()
    found[stage] = found[stage].model_copy(update={"checks": {}})
    with pytest.raises(VerificationError, match=f"{stage}: .*: 0 results were compared"):
        must_be_verified(found, 100, packed("fpga_open"))


def test_a_single_difference_is_refused() -> None:
    found = records()
    found["export"] = found["export"].model_copy(
        update={"checks": {"pytorch_qonnx": Check(100, 99, "outputs", "test set")}}
    )
    with pytest.raises(VerificationError, match="export: pytorch_qonnx: 1 of 100 outputs differ"):
        must_be_verified(found, 100, packed("fpga_open"))


@pytest.mark.parametrize(
    ("name", "counted"), [("test set", 99), ("chip", 63), ("back-pressure", None), ("bench", None)]
)
def test_a_rung_that_covers_too_little_is_refused(name: str, counted: int | None) -> None:
    found = records()
    checks = {**found["simulate"].checks}
    if counted:
        checks[name] = Check(counted, counted, "labels", "test set")
    else:
        del checks[name]
    found["simulate"] = found["simulate"].model_copy(update={"checks": checks})
    with pytest.raises(VerificationError, match=f"simulate: {name}"):
        must_be_verified(found, 100, packed("fpga_open"))


def test_a_library_may_be_left_out_only_where_the_stage_says_why() -> None:
    stage, record = stages_of("ort", foreign=True)["library"], records()["export"]
    for facts, least in ((LibraryFacts(left_out="a float network"), 0), (LibraryFacts(packed=3), 100)):
        found = {"library": record.model_copy(update={"checks": {}, "facts": facts})}
        if least:
            with pytest.raises(VerificationError, match="library: library: 0 results were compared, at least 100"):
                must_be_verified(found, 100, [stage])
        else:
            must_be_verified(found, 100, [stage])


@pytest.mark.parametrize(("flow", "missing"), [("dataflow", "bursts"), ("finn", "FINN's execution")])
def test_each_flow_has_rungs_of_its_own(flow: str, missing: str) -> None:
    simulate = stages_of(flow, foreign=False)["simulate"]
    with pytest.raises(VerificationError, match=f"simulate: {missing}: 0 results were compared"):
        must_be_verified(records(), 100, [simulate])
