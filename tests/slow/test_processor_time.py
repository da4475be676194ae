"""A test of the fast room that takes long is named in the summary; one of another room is not."""

from __future__ import annotations

import pytest

from tests import processor_time

pytest_plugins = ["pytester"]

_BUSY = """
from time import process_time

def test_busy():
    end = process_time() + 0.2
    while process_time() < end:
        pass
"""


def test_what_takes_too_long_in_the_fast_room_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor_time, "MOST_SECONDS", 0.1)
    for room in ("fast", "slow"):
        path = pytester.path / "tests" / room / f"test_{room}.py"
        path.parent.mkdir(parents=True)
        path.write_text(_BUSY)
    done = pytester.runpytest_inprocess("-p", "no:xdist", plugins=[processor_time.ProcessorTime()])
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*over 0.1 s of processor time*", "0.* s  tests/fast/test_fast.py::test_busy"])
    done.stdout.no_fnmatch_line("*tests/slow/test_slow.py::*")
