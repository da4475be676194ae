"""CONTRIBUTING.md says how long a fast test may take."""

from __future__ import annotations

from tests.conftest import REPOSITORY
from tests.processor_time import MOST_SECONDS


def test_contributing_says_the_bound() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert f"at most {MOST_SECONDS:g} s of processor time" in text
