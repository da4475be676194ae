from __future__ import annotations

import struct
from array import array
from pathlib import Path
from typing import Any

import pytest

from toolchain.device.ort.golden import (
    GoldenArrays,
    answers_of,
    as_json,
    compare,
    fewer,
    read,
    read_rows,
    write_inputs,
)
from toolchain.device.ort.report import found
from toolchain.errors import VerificationError

ROWS = {"inputs": [{"type": "uint8", "elements": 1}], "outputs": [{"type": "float", "elements": 2}]}
REFERENCE = GoldenArrays(3, array("B", [1, 2, 3]), array("f", [1, 5, 5, 0, 2, 2]), array("d", [3, 2]), ROWS)
EXACT = {"kind": "exact"}


def test_equal_answers_pass() -> None:
    verdict = compare(REFERENCE, array("f", REFERENCE.outputs), EXACT)
    assert (verdict.compared, verdict.equal, verdict.first, verdict.passed) == (3, 3, None, True)


def test_a_single_difference_fails_what_should_be_exact() -> None:
    verdict = compare(REFERENCE, array("f", [1, 5, 5, 0, 2, 2.5]), EXACT)
    assert (verdict.equal, verdict.worst, verdict.first, verdict.passed) == (2, 0.5, 2, False)


def test_nothing_is_promised_and_so_nothing_is_broken() -> None:
    verdict = compare(REFERENCE, array("f", [9, -9, 9, -9, 9, -9]), {"kind": "none"})
    assert (verdict.promised["kind"], verdict.equal, verdict.passed) == ("none", 0, True)


def test_either_label_of_a_tie_is_right() -> None:
    labels = {"kind": "labels", "differing": 0.0}
    assert compare(REFERENCE, array("f", [1, 5, 5, 0, 3, 2]), labels).passed
    assert compare(REFERENCE, array("f", [1, 5, 5, 0, 2, 3]), labels).passed


@pytest.mark.parametrize(("share", "passed"), [(0.0, False), (0.33, False), (0.34, True)])
def test_labels_may_differ_up_to_their_share(share: float, passed: bool) -> None:
    verdict = compare(REFERENCE, array("f", [5, 1, 5, 0, 2, 2]), {"kind": "labels", "differing": share})
    assert (verdict.labels_differing, verdict.first, verdict.passed) == (1, 0, passed)


@pytest.mark.parametrize(("asked", "kept"), [(0, [1]), (2, [1, 2]), (9, [1, 2, 3])])
def test_fewer_vectors_are_spread_evenly(asked: int, kept: list[int]) -> None:
    few = fewer(REFERENCE, asked)
    assert few.inputs == kept and few.vectors == len(kept)
    assert compare(few, few.outputs, EXACT).equal == len(kept)


def test_of_fewer_vectors_as_many_may_differ_as_of_all() -> None:
    few, third = fewer(REFERENCE, 2), {"kind": "labels", "differing": 0.34}
    verdict = compare(few, array("f", [5, 1, 5, 0]), third)
    assert verdict.passed and verdict.promised["differing"] == 1
    assert not compare(few, array("f", [5, 1, 0, 5]), third).passed


def test_a_single_output_is_its_own_label() -> None:
    labels = GoldenArrays(2, array("B", [1, 2]), array("q", [4, 0]), array("d", [1]), ROWS)
    assert compare(labels, array("q", [4, 1]), {"kind": "labels", "differing": 0.5}).labels_differing == 1


def test_scores_that_only_rounding_set_apart_are_a_tie() -> None:
    golden = GoldenArrays(1, array("B", [1]), array("f", [100, 99.9999]), array("d", [100, 100]), ROWS)
    swapped = array("f", [99.9999, 100])
    assert compare(golden, swapped, {"kind": "labels", "tie": 1e-5}).passed
    assert not compare(golden, swapped, {"kind": "labels"}).passed


def test_values_may_differ_by_a_share_of_their_outputs_size() -> None:
    # The first output is usually 3, and 5 in this vector: 0.5 is 0.1 of that.
    answers = array("f", [1, 5, 5.5, 0, 2, 2])
    assert compare(REFERENCE, answers, {"kind": "values", "tolerance": 0.11}).passed
    assert not compare(REFERENCE, answers, {"kind": "values", "tolerance": 0.09}).passed
    assert compare(REFERENCE, answers, {"kind": "values", "tolerance": 0.09, "differing": 0.34}).passed


def test_a_large_vector_does_not_hide_what_differs_in_a_small_one() -> None:
    golden = GoldenArrays(3, array("B", [1, 2, 3]), array("f", [1e6, 1, 1]), array("d", [1]), ROWS)
    verdict = compare(golden, array("f", [1e6, 1, 2]), {"kind": "values", "tolerance": 1e-5})
    assert (verdict.beyond, verdict.passed) == (1, False)


@pytest.mark.parametrize("promise", [EXACT, {"kind": "labels"}, {"kind": "values", "tolerance": 0.0}])
def test_nan_equals_nan_and_infinity_infinity(promise: dict[str, Any]) -> None:
    nan, inf = float("nan"), float("inf")
    golden = GoldenArrays(2, array("B", [1, 2]), array("f", [nan, 1, -inf, 2]), array("d", [1, 1]), ROWS)
    assert compare(golden, array("f", [nan, 1, -inf, 2]), promise).passed
    assert not compare(golden, array("f", [0, 1, -inf, 2]), promise).passed
    assert not compare(golden, array("f", [nan, 1, inf, 2]), promise).passed


def test_a_verdict_is_plain_json_even_where_a_difference_has_no_end() -> None:
    verdict = compare(REFERENCE, array("f", [1, 5, 4, 0, float("nan"), 2]), EXACT)
    assert as_json(verdict)["worst"] is None


@pytest.mark.parametrize("promise", [EXACT, {"kind": "labels"}, {"kind": "values", "tolerance": 1e30}])
def test_nan_is_no_answer(promise: dict[str, Any]) -> None:
    nan = float("nan")
    assert not compare(REFERENCE, array("f", [1, 5, 4, 0, nan, 2]), promise).passed


def test_answers_must_be_as_many_as_vectors() -> None:
    with pytest.raises(VerificationError, match="5 outputs came back, not 6"):
        compare(REFERENCE, array("f", [0] * 5), EXACT)


def test_inputs_are_written_as_the_graph_wants_them(tmp_path: Path) -> None:
    path = write_inputs(REFERENCE, {"inputs": [{"type": "float"}]}, tmp_path)
    assert path.name == "inputs-float.bin" and path.read_bytes() == array("f", [1, 2, 3]).tobytes()


def test_rows_of_several_types_are_read_and_written(tmp_path: Path) -> None:
    sides = [{"type": "float", "elements": 2}, {"type": "int8", "elements": 1}]
    rows = b"".join(struct.pack("<ffb", *row) for row in ((1.5, -2.0, 3), (0.25, 4.0, -5)))
    (tmp_path / "x").write_bytes(rows)
    values = read_rows(tmp_path / "x", sides)
    assert list(values) == [1.5, -2.0, 3, 0.25, 4.0, -5]
    golden = REFERENCE._replace(vectors=2, inputs=values, rows={"inputs": sides, "outputs": sides})
    graph = {"inputs": sides, "outputs": sides}
    written = write_inputs(golden, graph, tmp_path)
    assert written.name == "inputs-float-int8.bin" and written.read_bytes() == rows
    assert list(answers_of(golden, graph, written)) == list(values)
    (tmp_path / "x").write_bytes(rows[:-1])
    with pytest.raises(VerificationError, match="no whole rows"):
        read_rows(tmp_path / "x", sides)


def test_a_truncated_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(5))
    (tmp_path / "y").write_bytes(bytes(8))
    described = {"vectors": 2, "inputs": "x", "outputs": "y", "magnitudes": "y"}
    described["rows"] = {
        "inputs": [{"type": "uint8", "elements": 3}],
        "outputs": [{"type": "float", "elements": 1}],
    }
    with pytest.raises(VerificationError, match="not the 2 vectors"):
        read(tmp_path, described)


def test_the_stages_that_answered_are_counted_and_compared() -> None:
    rows = {**ROWS, "outputs": [{"type": "float", "elements": 3}]}
    right = array("f", [3, 1, -7, 1, 2, -8, 5, 0, -7])
    golden = GoldenArrays(3, array("B", [1, 2, 3]), right, array("d", [3, 2, 7]), rows, stages=(-7.0, -8.0))
    told = compare(golden, array("f", [3, 1, -7, 1, 2, -7, 5, 0, -7]), EXACT)
    assert told.decisions == {"answered": [3, 0], "equal": 2} and not told.passed
    assert found(as_json(told)).endswith("; stages answer 3, 0, as the reference 2 of 3")
    plain = compare(REFERENCE, REFERENCE.outputs, EXACT)
    assert plain.decisions is None and "stages" not in found(as_json(plain))
