"""A hundred mutated inputs through the doors of the product; `make bench` plays ten thousand."""

from __future__ import annotations

import pytest

from tests.fuzz.run import FUZZERS, fuzz

CASES = 100


def test_faults_of_every_kind_are_found() -> None:
    found = fuzz("tests.doubles.fuzzer", seed=1, count=6)
    assert found.cases == 6
    assert set(found.faults) == {2, 3, 4}
    assert "ValueError: boom" in found.faults[2]
    assert found.faults[3] == "its process ended with 9"
    assert "without a message" in found.faults[4]
    assert "python -m tests.fuzz tests.doubles.fuzzer 1 3:" in str(found)


@pytest.mark.parametrize("fuzzer", FUZZERS)
def test_mutated_input_ends_in_one_clear_error(fuzzer: str) -> None:
    count = -(-CASES // len(FUZZERS))
    found = fuzz(fuzzer, seed=1, count=count)
    assert found.cases == count
    assert not found.faults, str(found)
