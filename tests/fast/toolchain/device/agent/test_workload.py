"""Programs and drivers as workloads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from toolchain.device.agent.clock import SystemClock
from toolchain.device.agent.workload import Command, Counted, WorkloadError, read_work

LOOP = """import json, sys, time
n, t = 0, time.monotonic()
while time.monotonic() < t + float(sys.argv[1]):
    n += 1
print("starting")
print(json.dumps({"inferences": n, "started_monotonic": t, "ended_monotonic": time.monotonic(), "cycles": 3 * n}))
"""


class Ticking:
    """A clock that only a driver moves."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time + 1e9


def test_a_driver_finds_its_count() -> None:
    clock, counts = Ticking(), []

    def bench(count: int) -> Any:
        counts.append(count)
        clock.time += 1e-6 * count
        return SimpleNamespace(cycles=2 * count)

    work = Counted("bench", bench, clock).run(10.0)  # type: ignore[arg-type]
    assert work.inferences == pytest.approx(10_000_000, rel=1e-3)
    assert work.cycles == 2 * work.inferences
    assert work.seconds == pytest.approx(10.0, rel=1e-3)
    assert max(counts[:-1]) < 2_000_000


def test_a_driver_that_counts_no_cycles_and_has_a_limit() -> None:
    clock = Ticking()

    def run(count: int) -> list[int]:
        clock.time += 1e-9 * count
        return []

    work = Counted("loop", run, clock, most=1000).run(10.0)  # type: ignore[arg-type]
    assert (work.inferences, work.cycles) == (1000, None)


def test_a_driver_that_fails() -> None:
    def bench(count: int) -> None:
        raise OSError("the board is silent")

    with pytest.raises(WorkloadError, match="bench: the board is silent"):
        Counted("bench", bench, SystemClock()).run(1.0)


def test_a_program_runs_where_it_should_for_as_long_as_asked(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    clock = SystemClock()
    command = Command([sys.executable, "loop.py", "{seconds}"], clock, folder=str(tmp_path))
    before = clock.now()
    work = command.run(0.2)
    assert before < work.started < work.ended < clock.now()
    assert work.seconds >= 0.2 - 1e-6, "how much longer the machine decides"
    assert work.cycles == 3 * work.inferences and not work.doubt


def test_a_program_that_takes_a_count(tmp_path: Path) -> None:
    (tmp_path / "count.py").write_text(
        "import json, sys, time; n = int(sys.argv[1]); time.sleep(n * 1e-3);"
        " print(json.dumps({'inferences': n, 'seconds': n * 1e-3}))"
    )
    work = Command([sys.executable, "count.py", "{count}"], SystemClock(), folder=str(tmp_path)).run(0.1)
    assert work.inferences == 100 and work.seconds == pytest.approx(0.1)


def said(**values: Any) -> str:
    return json.dumps(values)


def test_the_runners_say_it_in_unix_time_under_loop() -> None:
    report = json.dumps({"kind": "measured", "loop": {"inferences": 5, "started_unix": 1010.0, "ended_unix": 1012.5}})
    work = read_work("warning: {x}\n" + json.dumps(json.loads(report), indent=2), 1000.0, 13.0, 0.0, "runner")
    assert (work.started, work.ended, work.doubt) == (10.0, 12.5, "")


def test_unix_times_over_a_clock_step_are_doubted() -> None:
    work = read_work(said(inferences=5, started_unix=1010, ended_unix=1012), 1000.0, 13.0, -3600.0, "runner")
    assert work.doubt == "the time of day stepped by -3600.00 s meanwhile"
    steady = read_work(said(inferences=5, started_monotonic=1, ended_monotonic=2), 1000.0, 13.0, -3600.0, "runner")
    assert not steady.doubt


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "should print a JSON object"),
        (said(inferences=5), "should print a JSON object"),
        (said(inferences="many", seconds=1), "should print a JSON object"),
        (said(inferences=5, started_monotonic=1), "should print a JSON object"),
        ("{broken", "should print a JSON object"),
        (said(inferences=0, seconds=1), "0 inferences in 1 s"),
        (said(inferences=9, seconds=-1), "9 inferences in -1 s"),
        (said(inferences=9, seconds=float("nan")), "9 inferences in nan s"),
        (said(inferences=float("inf"), seconds=1), "should print a JSON object"),
        (said(inferences=9, seconds=1, cycles=-3), "-3 cycles for 9 inferences"),
        (said(inferences=9, seconds=8), "busy for 8 s, which is not within the time it ran"),
        (said(inferences=9, started_monotonic=6, ended_monotonic=12), "busy for 6 s, which is not within"),
    ],
)
def test_what_a_program_must_say(text: str, message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        read_work(text, 0.0, 10.0, 0.0, "program", 5.0)


def test_programs_that_cannot_be() -> None:
    with pytest.raises(WorkloadError, match=r"should hold \{seconds\} or \{count\}"):
        Command(["true"], SystemClock())
    with pytest.raises(WorkloadError, match="No such file"):
        Command(["/nowhere/program", "{seconds}"], SystemClock()).run(1)
    with pytest.raises(WorkloadError, match=r"exit status 3: broken pipe"):
        Command([sys.executable, "-c", "import sys; print('broken pipe', file=sys.stderr); sys.exit(3) #{seconds}"],
                SystemClock()).run(1)  # fmt: skip
