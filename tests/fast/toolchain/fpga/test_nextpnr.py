"""Seeds and errors of place and route, with a stand-in for nextpnr."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain.board import OpenBoard
from toolchain.errors import FitError, TimingError, ToolError
from toolchain.fpga import nextpnr
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.nextpnr import SEEDS, Job, place_and_route
from toolchain.progress import Progress

_SITES = {"TRELLIS_COMB": "LUTs", "DP16KD": "block RAMs"}


@pytest.fixture
def job(ulx3s: OpenBoard, tmp_path: Path) -> Job:
    return Job(Ecp5Backend.place_and_route_tool, ulx3s, 25.0, tmp_path, [], _SITES)


def _stand_in(
    monkeypatch: pytest.MonkeyPatch,
    speeds: dict[int, float],
    log: str = "",
    status: int = 0,
    constraint: float = 25,
) -> list[int]:
    """Let nextpnr reach a speed by seed (0: it fails before timing analysis); gives the seeds it got."""
    seen: list[int] = []

    def execute(
        _tool: object, arguments: Sequence[str], *, cwd: Path, log: Path, progress: Progress | None, **_: object
    ) -> int:
        if progress:
            progress("placing")
        seed = int(arguments[arguments.index("--seed") + 1])
        seen.append(seed)
        log.write_text(text)
        if speed := speeds[seed]:
            (cwd / arguments[arguments.index("--report") + 1]).write_text(_report(speed, constraint))
        return status or int(speed < 25)

    text = log
    monkeypatch.setattr(nextpnr, "execute", execute)
    return seen


def _report(speed: float, constraint: float = 25) -> str:
    step = {"type": "logic", "delay": 1000 / speed, "from": {"cell": "a"}, "to": {"cell": "slow_cell"}}
    path = {"from": "posedge clk", "to": "posedge clk", "path": [step]}
    clocks = {"clk": {"achieved": speed, "constraint": constraint}}
    return json.dumps({"utilization": {}, "fmax": clocks, "critical_paths": [path]})


def test_first_seed_that_meets_the_clock_counts(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _stand_in(monkeypatch, {1: 24.0, 2: 26.0})
    told: list[str] = []
    report, seed = place_and_route(job, told.append)
    assert (report.slowest.achieved_mhz, seed, seen) == (26.0, 2, [1, 2])
    assert told == ["placing", "placing (seed 2 of 3: the one before missed the clock)"]
    assert "slow_cell" in (job.out_dir / "critical-path.txt").read_text()


def test_the_best_of_all_seeds_is_reported(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _stand_in(monkeypatch, {1: 23.0, 2: 24.5, 3: 24.0})
    with pytest.raises(TimingError) as caught:
        place_and_route(job)
    assert tuple(seen) == SEEDS
    message = str(caught.value)
    for part in ("ulx3s", "clock clk", "24.50 MHz", "25.00 MHz needed", "seed 2", "slow_cell", "FPS"):
        assert part in message
    assert " 40.82 ns" in (job.out_dir / "critical-path.txt").read_text()


def test_a_margin_must_be_kept_by_one_of_the_seeds(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _stand_in(monkeypatch, {1: 26.0, 2: 26.5})
    assert place_and_route(replace(job, margin=0.05))[1] == 2
    with pytest.raises(TimingError, match=r"reaches 26\.00 MHz, 26\.25 MHz needed") as caught:
        place_and_route(replace(job, margin=0.05, seeds=(1,)))
    assert seen == [1, 2, 1] and caught.value.reached_mhz == 26.0


def test_timing_of_another_clock_is_refused(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, {1: 60.0})
    said = "ulx3s: nextpnr has computed a clock of 25 MHz, the design is to have 50; see .*nextpnr.log"
    with pytest.raises(ToolError, match=said):
        place_and_route(replace(job, mhz=50.0))


def test_far_too_slow_a_design_fails_at_once(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _stand_in(monkeypatch, {1: 12.0})
    with pytest.raises(TimingError, match=r"12\.00 MHz"):
        place_and_route(job)
    assert seen == [1]


def test_hold_violations_fail_too(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    log = "Warning: Hold/min time violation for clock 'clk' (posedge -> posedge): 0.1 ns\n"
    _stand_in(monkeypatch, dict.fromkeys(SEEDS, 30.0), log)
    with pytest.raises(TimingError, match="1 hold violations"):
        place_and_route(job)


def _fails(job: Job, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, {1: 0}, log, status=255)
    place_and_route(job)


def test_too_large_a_design_tells_by_how_much(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    log = "Info: 	 TRELLIS_COMB:   92004/  83640   110%\nERROR: no BELs remaining to implement\n"
    with pytest.raises(FitError) as caught:
        _fails(job, log, monkeypatch)
    for part in ("92,004 LUTs needed", "83,640 available", "8,364 or 10 % too many", "FPS", "folded"):
        assert part in str(caught.value)


def test_a_design_without_room_to_place_does_not_fit(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    log = (
        "Info: 	 TRELLIS_COMB:   83000/  83640    99%\n"
        "ERROR: Unable to find legal placement for all cells, design is probably at utilisation limit.\n"
    )
    with pytest.raises(FitError, match=r"83,000 of 83,640 LUTs in use \(99 %\)"):
        _fails(job, log, monkeypatch)


def test_other_failures_are_tool_errors(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match=r"nextpnr-ecp5 failed \(exit 255\): ERROR: bad pin"):
        _fails(job, "ERROR: bad pin\n", monkeypatch)


def test_a_stale_report_is_not_read(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    (job.out_dir / "timing.json").write_text(_report(99))
    with pytest.raises(ToolError):
        _fails(job, "ERROR: crashed\n", monkeypatch)


def test_success_without_exit_status_zero_is_not_believed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, {1: 30.0}, "ERROR: cannot write config\n", status=1)
    with pytest.raises(ToolError, match="cannot write config"):
        place_and_route(job)


def test_a_clock_is_told_as_the_board_has_it(ulx3s: OpenBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nextpnr counts whole picoseconds, and makes 48.001 MHz of 48."""
    _stand_in(monkeypatch, {1: 60.0}, constraint=48.001)
    for name in ("chip.config", "routed.json"):
        (tmp_path / name).write_text("routed")
    (tmp_path / "netlist.json").write_text(json.dumps({"modules": {"chip": {"cells": {}}}}))
    board = ulx3s.model_copy(update={"clock": ulx3s.clock.model_copy(update={"mhz": 48.0})})
    assert Ecp5Backend(board.fpga).implement(board, tmp_path / "netlist.json", tmp_path).clock_mhz == 48
