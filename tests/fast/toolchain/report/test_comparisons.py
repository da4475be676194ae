"""Words say what was compared, on which vectors, and how many were equal; never more."""

from __future__ import annotations

from dataclasses import asdict

from toolchain.report.comparisons import Compared, compared, is_kept, lines, sentence, told, what_and_where
from toolchain.results.check import Check

LABELS = asdict(Check(1000, 1000, "labels", "random"))
OUTPUTS = asdict(Check(50, 50, "outputs", "test set"))
NEAR = asdict(Check(10, 10, "outputs", "calibration", tolerance=1e-5))
OLD = {"compared": 7, "equal": 7}


def test_comparisons_of_one_kind_are_summed_and_kinds_kept_apart() -> None:
    assert compared([LABELS, OUTPUTS, LABELS, NEAR, OLD]) == [
        Compared("labels", "random vectors", 2000, 2000),
        Compared("every output", "test set", 50, 50),
        Compared("every output within 1e-05", "calibration data", 10, 10),
        Compared("results", "", 7, 7),
    ]


def test_labels_are_never_called_outputs() -> None:
    assert sentence([LABELS]) == "labels 1,000 (random vectors): all equal"
    assert sentence([OUTPUTS, LABELS]) == "every output 50 (test set); labels 1,000 (random vectors): all equal"


def test_what_may_differ_by_promise_is_not_said_to_be_equal() -> None:
    check = asdict(Check(1000, 999, "labels", "random", allowed=2))
    assert sentence([check]) == "labels 999 equal of 1,000 (random vectors)"
    assert what_and_where(check) == "labels, random vectors, 2 may differ"
    assert is_kept(check) and not is_kept({**check, "equal": 997})


def test_one_line_for_each_kind() -> None:
    assert lines([LABELS, OUTPUTS, OLD]) == ["labels 1,000 (random vectors)", "every output 50 (test set)", "results 7"]


def test_nothing_compared_is_not_equal() -> None:
    assert sentence([]) == "nothing" and not is_kept({})


def test_a_damaged_manifest_claims_nothing() -> None:
    assert compared([{"compared": "many", "equal": None, "what": 3}]) == [Compared("results", "", 0, 0)]


def test_what_is_only_near_is_not_called_equal() -> None:
    assert sentence([NEAR]) == "every output within 1e-05 10 (calibration data): none differs by more"
    assert told(NEAR) == "10 of 10 (every output within 1e-05, calibration data)"
    assert told(LABELS) == "1,000 of 1,000 equal (labels, random vectors)"
