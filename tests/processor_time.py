"""Names the tests of `tests/fast` that take longer than a fast test may.

Processor time is counted, that of ended children too, so that a busy machine alone makes no test slow. Nothing fails:
the summary of a run tells. A fixture or an import that others need as well counts for the test that came first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

ROOM = "tests/fast/"
MOST_SECONDS = 1.0
"""Of a test in that room, its fixtures included."""

_KEY = "processor seconds"


class ProcessorTime:
    """A plugin of pytest, on a worker of xdist and where its reports come together."""

    def __init__(self) -> None:
        self._ended = _spent()
        self._slow: list[tuple[float, str]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        """Add to a test's last report what has been taken since that of the test before it."""
        report = yield
        if report.when == "teardown":
            before, self._ended = self._ended, _spent()
            report.user_properties.append((_KEY, self._ended - before))
        return report

    def pytest_collection_finish(self) -> None:
        """What was read to find the tests counts for none of them."""
        self._ended = _spent()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a test of the room that took too long."""
        for name, seconds in report.user_properties:
            if name == _KEY and report.nodeid.startswith(ROOM) and seconds > MOST_SECONDS:
                self._slow.append((seconds, report.nodeid))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which tests those were, and where they belong."""
        if self._slow:
            terminalreporter.section(f"over {MOST_SECONDS:g} s of processor time: cheaper, or into tests/slow")
        for seconds, name in sorted(self._slow, reverse=True):
            terminalreporter.write_line(f"{seconds:.1f} s  {name}")


def _spent() -> float:
    """Processor time of this process and its ended children so far, in seconds."""
    return sum(os.times()[:4])
