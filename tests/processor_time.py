"""Names the tests of `tests/fast` that take longer than a fast test may.

Processor time is counted, that of ended children too, so that a busy machine alone makes no test slow. Nothing fails:
the summary of a run tells. A fixture or an import that others need as well counts for the test that came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import pytest

ROOM = "tests/fast/"
MOST_SECONDS = 1.0
"""Of a test in that room, its fixtures included."""

_KEY = "processor seconds"


class ProcessorTime:
    """A plugin of pytest, on a worker of xdist and where its reports come together."""

    def __init__(self) -> None:
        self._began = 0.0
        self._slow: list[tuple[float, str]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Note when a test begins."""
        self._began = _spent()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        """Add to a test's last report what the test has taken."""
        report = yield
        if report.when == "teardown":
            report.user_properties.append((_KEY, _spent() - self._began))
        return report

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
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
