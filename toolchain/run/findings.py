"""What the self-test of an AMD board told, held for sense before it becomes figures of a run."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from pydantic import ValidationError

from toolchain.device.link.answers import Bench
from toolchain.device.link.asking import SELF_TEST_FORMAT
from toolchain.device.link.axi.selftest import SINGLE_VECTORS
from toolchain.device.link.axi.sense import Expected, bench_faults, must_make_sense, rate_faults
from toolchain.results.model import explained
from toolchain.results.run import Counted, Finding, SelfTest
from toolchain.told import Told, ToldError

_CHECKSUM = re.compile("[0-9a-f]{8}")
_GREATEST = (1 << 63) - 1
_ALL, _BENCH, _COUNTERS = "golden vectors", "bench", "counters"
_MOST_CYCLES = 1 << 48
_MOST_MHZ = 10_000.0
_CLOCK_SHARE = 0.02
_SAME = 0.01
_SLACK_SECONDS = 1.0


class Asked(NamedTuple):
    """What the self-test was to do.

    Attributes:
        vectors: golden vectors of the package.
        inferences: of the bench.
        seconds: that the whole program took, as this computer saw it.
        expected: clock and cycles as the package has them.
        memory: answers that are kept while the vectors are sent.
    """

    vectors: int
    inferences: int
    seconds: float
    expected: Expected
    memory: int = 0


class Findings(NamedTuple):
    """The checks whose figures a run shows.

    Attributes:
        told: all that the self-test told.
        golden: the comparison of all golden vectors; `compared` and `equal` are its counts.
        bench: None where it did not run.
        counted: None where packages of older builds tell it in words only.
        differences: of all checks together.
    """

    told: SelfTest
    golden: Finding
    compared: int
    equal: int
    bench: Finding | None
    counted: Counted | None
    differences: int


def read_findings(told: Told, asked: Asked) -> Findings:
    """The findings of a self-test.

    Raises:
        VerificationError: names the first figure that cannot be, with its value.
    """
    _must_be_of_this_version(told)
    told.text("kind", ("measured",))
    findings = told.parts("findings")
    for finding in findings:
        finding.text("summary")
        finding.texts("differences")
        finding.part("measured")
        finding.part("counts")
    by_name = {finding.text("name"): finding for finding in findings}
    ways = [finding for name, finding in by_name.items() if name.startswith(_ALL)]
    for name, there in ((_ALL, len(ways) > 1), *((n, n in by_name) for n in ("identify", _BENCH, _COUNTERS))):
        if not there:
            raise ToldError(f"findings: {name}: is missing")
    counts = [_compared(finding, asked, few) for finding, few in zip(ways[-2:], (True, False), strict=True)]
    kept = _recalled(ways[-1], asked)
    benched, counted = _bench(by_name[_BENCH], asked), _counted(by_name[_COUNTERS], asked, kept)
    whole = _whole(told)
    by = {finding.name: finding for finding in whole.findings}
    golden, bench = by[ways[-1].value["name"]], by[_BENCH] if benched else None
    differences = sum(len(finding.differences) for finding in whole.findings)
    return Findings(whole, golden, *counts[-1], bench, counted, differences)


def _whole(told: Told) -> SelfTest:
    """What has been looked at, as a record; refuses what nobody looked at and is none."""
    try:
        return SelfTest.model_validate_json(json.dumps(told.value), strict=True)
    except ValidationError as error:
        raise ToldError(explained(error)) from None


def _compared(finding: Told, asked: Asked, few: bool) -> tuple[int, int]:
    """How many answers were compared, and equal."""
    measured, count = finding.part("measured"), min(SINGLE_VECTORS, asked.vectors) if few else asked.vectors
    measured.whole("vectors", count, count)
    seconds = measured.number("seconds_with_driver", 0, asked.seconds + _SLACK_SECONDS)
    must_make_sense(finding.value["name"], rate_faults("seconds_with_driver", _rate(count, seconds), asked.expected))
    counts = finding.part("counts")
    compared = counts.whole("compared", count, count)
    equal, differing = counts.whole("equal", 0, compared), counts.parts("differing")
    if (equal == compared) == bool(finding.value["differences"]):
        counts.refuse("equal", f"which {len(finding.value['differences'])} differences contradict")
    if not min(1, compared - equal) <= len(differing) <= compared - equal:
        counts.refuse("differing", f"should name the first of {compared - equal:,}")
    if (decisions := counts.optional("decisions")) is not None:
        _must_be_decisions(decisions, compared, equal)
    for one in differing:
        one.whole("vector", 0, count - 1)
        one.whole("element", 0, _GREATEST)
        one.whole("answered", -_GREATEST, _GREATEST)
        one.whole("expected", -_GREATEST, _GREATEST)
    return compared, equal


def _must_be_decisions(told: Told, compared: int, equal: int) -> None:
    """Stages that were counted and compared; an answer that is equal stopped where it should."""
    told.whole("compared", compared, compared)
    told.whole("equal", equal, compared)
    if sum(answered := told.wholes("answered", 0, compared)) > compared:
        told.refuse("answered", f"are {sum(answered):,} inputs, should be {compared:,} or fewer")


def _must_be_of_this_version(told: Told) -> None:
    if told.value.get("format") != SELF_TEST_FORMAT:
        told.refuse(
            "format", f"should be {SELF_TEST_FORMAT}: the package is of another version; run `make build` again"
        )


def _bench(finding: Told, asked: Asked) -> bool:
    """Whether the bench ran, its figures looked at; that it did not is a difference by itself."""
    measured = finding.part("measured")
    if not measured.value and finding.value["differences"]:
        return False
    count = measured.whole("inferences", asked.inferences, asked.inferences)
    seconds = measured.number("seconds", 0, asked.seconds + _SLACK_SECONDS)
    rate = _rate(count, seconds)
    must_make_sense("bench", rate_faults("seconds", rate, asked.expected))
    if measured.value.get("inferences_per_second") is not None:
        measured.number("inferences_per_second", rate * (1 - _SAME), rate * (1 + _SAME))
    _must_be_checksums(finding)
    _must_be_cycles(measured, count, asked.expected)
    _must_be_clock(finding, measured, asked.expected)
    return True


def _must_be_checksums(finding: Told) -> None:
    counts = finding.part("counts")
    for name in ("checksum", "expected_checksum"):
        if not _CHECKSUM.fullmatch(counts.text(name)):
            counts.refuse(name, "should be 8 hexadecimal digits")
    if counts.value["checksum"] != counts.value["expected_checksum"] and not finding.value["differences"]:
        counts.refuse("checksum", f"should be {counts.value['expected_checksum']}, and no difference says so")


def _rate(count: int, seconds: float) -> float:
    # Seconds are told to the microsecond.
    return count / max(seconds, 1e-6)


def _must_be_cycles(measured: Told, count: int, expected: Expected) -> None:
    if "latency_cycles" not in measured.value:
        return
    latency = measured.whole("latency_cycles", 1, _MOST_CYCLES)
    must_make_sense("bench", bench_faults(Bench(1, (), latency, 0, 0.0), expected))
    if "initiation_interval" in measured.value:
        interval = measured.number("initiation_interval", 0, _MOST_CYCLES)
        cycles = latency + round(interval * (count - 1))
        must_make_sense("bench", bench_faults(Bench(count, (), cycles, 0, 0.0), expected))


def _must_be_clock(finding: Told, measured: Told, expected: Expected) -> None:
    if "clock_mhz" not in measured.value:
        return
    hertz = measured.number("clock_mhz", 0, _MOST_MHZ) * 1e6
    off = abs(hertz / expected.clock_hz - 1) if expected.clock_hz else 0.0
    if off > 2 * _CLOCK_SHARE and not finding.value["differences"]:
        measured.refuse("clock_mhz", f"should be about {(expected.clock_hz or 0) / 1e6:g}, and no difference says so")


def _recalled(finding: Told, asked: Asked) -> int:
    """How many answers a memory gave."""
    if not asked.memory:
        return 0
    memory = finding.part("counts").part("memory")
    memory.whole("places", asked.memory, asked.memory)
    return memory.whole("recalled", 0, memory.whole("asked", asked.vectors, asked.vectors))


def _counted(finding: Told, asked: Asked, recalled: int) -> Counted | None:
    """What the board counted beside what was asked; packages of older builds tell it in words only."""
    measured = finding.part("measured")
    if "inferences_counted" not in measured.value:
        return None
    least = min(SINGLE_VECTORS, asked.vectors) + asked.vectors - recalled + asked.inferences + 1
    # Besides, vectors that the bench plays are asked for one by one.
    should = measured.whole("inferences_asked", least, least + asked.vectors)
    counted = measured.whole("inferences_counted", 0, (1 << 32) - 1)
    if counted != should % (1 << 32) and not finding.value["differences"]:
        measured.refuse("inferences_counted", f"should be {should:,}, and no difference says so")
    return Counted(inferences=counted, asked=should, faults=(), notes=())
