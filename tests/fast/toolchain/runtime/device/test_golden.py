from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import VerificationError
from toolchain.runtime.device.golden import Golden, compare, read, write_inputs

REFERENCE = Golden(3, array("B", [1, 2, 3]), array("f", [1, 5, 5, 0, 2, 2]))
EXACT = {"kind": "exact"}


def test_equal_answers_pass() -> None:
    verdict = compare(REFERENCE, array("f", REFERENCE.outputs), EXACT)
    assert verdict == (3, 3, 0, 0.0, None, True)


def test_a_single_difference_fails_what_should_be_exact() -> None:
    verdict = compare(REFERENCE, array("f", [1, 5, 5, 0, 2, 2.5]), EXACT)
    assert verdict == (3, 2, 0, 0.5, 2, False)


def test_either_label_of_a_tie_is_right() -> None:
    labels = {"kind": "labels", "differing": 0.0}
    assert compare(REFERENCE, array("f", [1, 5, 5, 0, 3, 2]), labels).passed
    assert compare(REFERENCE, array("f", [1, 5, 5, 0, 2, 3]), labels).passed


@pytest.mark.parametrize(("share", "passed"), [(0.0, False), (0.33, False), (0.34, True)])
def test_labels_may_differ_up_to_their_share(share: float, passed: bool) -> None:
    verdict = compare(REFERENCE, array("f", [5, 1, 5, 0, 2, 2]), {"kind": "labels", "differing": share})
    assert (verdict.labels_differing, verdict.first, verdict.passed) == (1, 0, passed)


def test_values_may_differ_up_to_their_tolerance() -> None:
    answers = array("f", [1, 5, 5.25, 0, 2, 2])
    assert compare(REFERENCE, answers, {"kind": "values", "tolerance": 0.25}).passed
    assert not compare(REFERENCE, answers, {"kind": "values", "tolerance": 0.2}).passed


@pytest.mark.parametrize("judge", [EXACT, {"kind": "labels"}, {"kind": "values", "tolerance": 1e30}])
def test_nan_is_no_answer(judge: dict[str, Any]) -> None:
    nan = float("nan")
    assert not compare(REFERENCE, array("f", [1, 5, 4, 0, nan, 2]), judge).passed


def test_answers_must_be_as_many_as_vectors() -> None:
    with pytest.raises(VerificationError, match="5 outputs came back, not 6"):
        compare(REFERENCE, array("f", [0] * 5), EXACT)


def test_inputs_are_written_as_the_graph_wants_them(tmp_path: Path) -> None:
    write_inputs(REFERENCE, "float", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == array("f", [1, 2, 3]).tobytes()


def test_a_truncated_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(5))
    (tmp_path / "y").write_bytes(bytes(8))
    described = {"vectors": 2, "inputs": "x", "input_type": "uint8", "input_elements": 3}
    described |= {"outputs": "y", "output_type": "float", "output_elements": 1}
    with pytest.raises(VerificationError, match="not the 2 vectors"):
        read(tmp_path, described)
