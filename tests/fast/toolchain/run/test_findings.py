"""Figures of a self-test that no board can have measured."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.self_test import EQUAL, findings
from toolchain.device.link.axi.sense import Expected
from toolchain.errors import VerificationError
from toolchain.run.findings import Asked, read_findings
from toolchain.told import Told

EXPECTED = Expected(100_000_000, 40, 10)
WRONG = EQUAL | {"equal": 39}
DECIDED = {"answered": [38, 2], "compared": 40, "equal": 40}


def read(made: Any, expected: Expected = EXPECTED, kind: str = "measured") -> Any:
    said = {"format": 3, "kind": kind, "device": "linux", "findings": made}
    return read_findings(Told(said), Asked(40, 1_000_000, 2.0, expected))


def test_right_figures_are_read() -> None:
    found = read(findings())
    assert (found.compared, found.equal, found.differences) == (40, 40, 0)
    assert found.counted.inferences == 1_000_081
    assert read(findings(latency_cycles=9, initiation_interval=2.5), Expected()).bench is not None


def test_stages_are_read() -> None:
    assert read(findings({2: {"counts": EQUAL | {"decisions": DECIDED}}})).golden.counts.decisions.answered == (38, 2)


def test_packages_of_older_builds_and_finn_tell_less() -> None:
    assert read(findings({4: {"measured": {}}})).counted is None
    made = findings()
    for name in ("latency_cycles", "initiation_interval"):
        del made[3]["measured"][name]
    assert read(made).bench.measured.seconds == 0.1


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        ("inferences", 1000, "measured.inferences: 1000, should be 1,000,000"),
        ("inferences", True, "measured.inferences: True"),
        ("seconds", -0.1, "measured.seconds: -0.1, should be 0 to 3"),
        ("seconds", 1e9, "measured.seconds: 1000000000.0, should be 0 to 3"),
        ("seconds", float("nan"), "measured.seconds: nan"),
        ("seconds", 1e-5, "bench: seconds: 100,000,000,000 inferences a second, should be 12,345,679 or less"),
        ("inferences_per_second", -833_250_000, "inferences_per_second: -833250000, should be 9.9e"),
        ("inferences_per_second", float("inf"), "inferences_per_second: inf"),
        ("inferences_per_second", "many", "inferences_per_second: 'many'"),
        ("latency_cycles", 0, "latency_cycles: 0, should be 1 to"),
        ("latency_cycles", 41, "bench: cycles: 41 for 1 inferences, should be 40 by the package's simulation"),
        ("latency_cycles", 10**30, "latency_cycles: 1000"),
        ("initiation_interval", 0.5, "bench: cycles: 500,040 for 1,000,000 inferences, should be"),
        ("initiation_interval", -3, "initiation_interval: -3"),
        ("clock_mhz", 48.0, "clock_mhz: 48.0, should be about 100, and no difference says so"),
        ("clock_mhz", 1e24, r"clock_mhz: 1e\+24, should be 0 to 10000"),
    ],
)
def test_a_figure_of_the_bench_that_cannot_be_is_named(figure: str, value: Any, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        read(findings(**{figure: value}))


@pytest.mark.parametrize(
    ("index", "change", "words"),
    [
        (1, {"measured": {"vectors": 64, "seconds_with_driver": 0.1}}, "vectors: 64, should be 40"),
        (2, {"measured": {"vectors": 40, "seconds_with_driver": 1e-7}}, "seconds_with_driver: 40,000,000 inferences a"),
        (2, {"measured": {"vectors": 40}}, "measured.seconds_with_driver: is missing"),
        (2, {"counts": {}}, "counts.compared: is missing"),
        (2, {"counts": EQUAL | {"compared": 41}}, "counts.compared: 41, should be 40"),
        (2, {"counts": EQUAL | {"equal": 41}}, "counts.equal: 41, should be 0 to 40"),
        (2, {"counts": EQUAL | {"equal": 39}}, "counts.equal: 39, which 0 differences contradict"),
        (2, {"differences": ["vector 1: class 2 (a), expected 1 (b)"]}, "which 1 differences contradict"),
        (
            2,
            {"counts": EQUAL | {"equal": 39}, "differences": ["x"]},
            "differing: a list of 0, should name the first of 1",
        ),
        (2, {"counts": EQUAL | {"differing": [{}]}}, "should name the first of 0"),
        (2, {"counts": WRONG | {"differing": [{"vector": 40}]}, "differences": ["x"]}, "vector: 40, should be 0 to 39"),
        (3, {"counts": {"checksum": "cafe"}}, "checksum: 'cafe', should be 8 hexadecimal digits"),
        (3, {"counts": {"checksum": "0" * 8, "expected_checksum": "1" * 8}}, "should be 11111111, and no difference"),
        (2, {"summary": 5}, r"findings\[2\].summary: 5, should be a text"),
        (2, {"name": "other"}, "findings: golden vectors: is missing"),
        (0, {"name": "other"}, "findings: identify: is missing"),
        (0, {"differences": [1]}, r"findings\[0\].differences\[0\]: 1, should be a text"),
        (0, {"measured": []}, r"findings\[0\].measured: a list of 0, should be an object"),
        (3, {"measured": {}}, "measured.inferences: is missing"),
        (4, {"measured": {"inferences_counted": 7, "inferences_asked": 1_000_081}}, "inferences_counted: 7, should be"),
        (4, {"measured": {"inferences_counted": -1, "inferences_asked": 1_000_081}}, "inferences_counted: -1"),
        (0, {"measured": {"volts": 5}}, r"findings\.0\.measured\.volts: is unknown"),
        (0, {"counts": {"compared": "1"}}, r"findings\.0\.counts\.compared: '1'"),
        (
            4,
            {"measured": {"inferences_counted": 9, "inferences_asked": 9}},
            "inferences_asked: 9, should be 1,000,081 to 1,000,121",
        ),
        (2, {"counts": EQUAL | {"decisions": {}}}, "decisions.compared: is missing"),
        (2, {"counts": EQUAL | {"decisions": DECIDED | {"equal": 39}}}, "decisions.equal: 39, should be 40"),
        (2, {"counts": EQUAL | {"decisions": DECIDED | {"answered": [39, 2]}}}, "answered: a list of 2, are 41 inputs"),
        (2, {"counts": EQUAL | {"decisions": DECIDED | {"answered": [41]}}}, r"answered\[0\]: 41, should be 0 to 40"),
    ],
)
def test_findings_that_contradict_what_was_asked_are_named(index: int, change: dict[str, Any], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        read(findings({index: change}))


def test_only_what_is_measured_is_taken() -> None:
    with pytest.raises(VerificationError, match="kind: 'guessed', should be measured"):
        read(findings(), kind="guessed")
    with pytest.raises(VerificationError, match="findings: 5, should be a list"):
        read(5)


@pytest.mark.parametrize("said", [{}, {"format": 2}])
def test_a_package_of_another_version_says_what_to_do(said: dict[str, Any]) -> None:
    with pytest.raises(VerificationError, match=r"format: .*, should be 3: .* run `make build` again"):
        read_findings(Told({**said, "kind": "measured", "findings": findings()}), Asked(40, 1_000_000, 2.0, EXPECTED))
