"""Whole measurements in simulated time: the truth is known, and everything that can go wrong does."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.sensors import EnergyFile, PowerFile, Truth, hwmon
from tests.fast.toolchain.measure.bench import EACH_S, TRUE_J, Bench, wire
from toolchain.device.agent.analyse import RAW
from toolchain.device.agent.plan import Settings
from toolchain.device.agent.rawlog import RawLog, read_lines
from toolchain.device.agent.session import RESULT, again
from toolchain.device.agent.workload import WorkloadError


def net(result: dict[str, Any]) -> dict[str, float]:
    return result["energy"]["per_inference_j"]["net"]


def covers(interval: dict[str, float], truth: float) -> bool:
    return interval["low"] <= truth <= interval["high"]


def events(result: dict[str, Any]) -> list[str]:
    return [event["event"] for event in result["events"]]


@pytest.mark.parametrize(
    ("seconds", "noise", "step", "lag"),
    [(0.002, 0.02, 0.025, False), (0.0352, 0.0, 0.025, False), (0.15, 0.05, 0.01, False), (0.15, 0.05, 0.01, True)],
)
def test_the_truth_is_found(tmp_path: Path, seconds: float, noise: float, step: float, lag: bool) -> None:
    result = Bench(tmp_path, seconds=seconds, noise=noise, step=step, lag=lag, seed=7).run()
    assert (result["status"], result["kind"], result["reasons"]) == ("ok", "measured", [])
    assert net(result)["median"] == pytest.approx(TRUE_J, rel=0.02)
    assert covers(net(result), TRUE_J)
    assert result["energy"]["drift_w_per_s"] == pytest.approx(0.005, rel=0.2)


def test_gross_latency_and_cycles(tmp_path: Path) -> None:
    result = Bench(tmp_path, truth=Truth(idle=3.0, drift=0.0)).run()
    gross = result["energy"]["per_inference_j"]["gross"]
    assert gross["median"] == pytest.approx(3.0 * EACH_S + TRUE_J, rel=0.005)
    assert covers(result["energy"]["power_w"]["idle"], 3.0)
    assert result["latency"]["seconds_per_inference"]["median"] == pytest.approx(EACH_S)
    assert result["latency"]["cycles_per_inference"] == 11
    assert len(result["repeats"]) == 5 and all(row["accepted"] for row in result["repeats"])
    assert result["sources"][0]["refresh_s"] == pytest.approx(0.035, abs=0.002)
    assert result["settings"]["window_s"] == pytest.approx(10.14, abs=0.01)


def test_the_raw_file_alone_gives_the_same_result(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    result = bench.run()
    assert wire(again(bench.folder / RAW)) == json.loads((bench.folder / RESULT).read_text())
    assert result["raw"]["samples"] == sum(isinstance(line, list) for line in read_lines(bench.folder / RAW))


def test_a_killed_agent_leaves_the_repeats_that_were_complete(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run()
    lines = (bench.folder / RAW).read_bytes().splitlines(keepends=True)
    places = [index for index, line in enumerate(lines) if line.startswith(b'{"repeat"')]
    (bench.folder / RAW).write_bytes(b"".join(lines[: places[2] + 500]) + lines[places[2] + 501][:7])
    result = wire(again(bench.folder / RAW))
    assert result["status"] == "unfinished"
    assert "3 of 3 repeats could be used, 5 are needed" in result["reasons"]
    assert net(result)["median"] == pytest.approx(TRUE_J, rel=0.02)


def test_an_interrupt_ends_with_a_result(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def press() -> None:
        raise KeyboardInterrupt

    bench.at(60.0, press)
    result = bench.run()
    assert result["status"] == "interrupted"
    assert len(result["repeats"]) == 1
    assert json.loads((bench.folder / RESULT).read_text())["status"] == "interrupted"


def test_sums_of_rails(tmp_path: Path) -> None:
    bench = Bench(tmp_path, share=0.75)
    other = hwmon(bench.root, 4, "ina226_u184", update_interval=35)
    PowerFile(bench.device, other / "power1_input", 0.035, share=0.25, seed=2)
    result = bench.run()
    assert covers(net(result), TRUE_J)
    part = result["per_source"]["ina226_u184"]["per_inference_j"]["net"]
    assert part["median"] == pytest.approx(TRUE_J / 4, rel=0.05)


def test_rapl_over_its_wrap_is_an_estimate(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    shutil.rmtree(bench.path.parent)
    folder = bench.root / "sys/class/powercap/intel-rapl:0"
    EnergyFile(bench.device, folder, wrap=300_000_000, start=299_000_000)
    result = bench.run()
    assert (result["status"], result["kind"], result["energy"]["kind"]) == ("ok", "estimated", "estimated")
    assert covers(net(result), TRUE_J) and net(result)["median"] == pytest.approx(TRUE_J, rel=0.01)


def test_no_sensor_is_unavailable_with_latency_all_the_same(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.path.unlink()
    result = bench.run()
    assert (result["status"], result["kind"], result["energy"]) == ("unavailable", "unavailable", None)
    assert result["latency"]["seconds_per_inference"]["median"] == pytest.approx(EACH_S)


def test_a_sensor_that_vanishes_for_a_while_costs_one_repeat(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    hidden = bench.path.with_name("hidden")

    def vanish() -> None:
        bench.path.rename(hidden)
        bench.close_sources()

    bench.at(50.0, vanish)
    bench.at(55.0, lambda: (hidden.rename(bench.path), None)[1])
    result = bench.run()
    assert result["status"] == "ok", result["reasons"]
    assert events(result) == ["sensor vanished", "sensor is back"]
    assert [row["accepted"] for row in result["repeats"]] == [True, False, True, True, True, True]
    assert "without a sample" in result["repeats"][1]["reasons"][0]
    assert covers(net(result), TRUE_J)


def test_a_sensor_that_vanishes_for_good_ends_the_measurement(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def vanish() -> None:
        bench.path.unlink()
        bench.close_sources()

    bench.at(80.0, vanish)
    result = bench.run()
    assert result["status"] == "rejected"
    assert len(result["repeats"]) == 3
    assert result["reasons"][0] == "2 of 3 repeats could be used, 5 are needed"
    assert result["events"][0]["event"] == "sensor vanished" and "No such file" in result["events"][0]["text"]


@pytest.mark.parametrize("text", ["nan", "-9000000", "Input/output"])
def test_nonsense_costs_the_repeats_it_falls_into(tmp_path: Path, text: str) -> None:
    bench = Bench(tmp_path)
    bench.at(40.0, lambda: setattr(bench.sensor, "broken", text))
    bench.at(40.3, lambda: setattr(bench.sensor, "broken", None))
    result = bench.run()
    assert result["status"] == "ok"
    assert covers(net(result), TRUE_J)
    bench = Bench(tmp_path / "long")
    bench.at(20.0, lambda: setattr(bench.sensor, "broken", text))
    result = bench.run()
    assert result["status"] == "rejected" and result["energy"] is None
    assert result["events"][-1]["event"].endswith("more: nonsense")


def test_a_little_nonsense_all_the_time_is_not_accepted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for second in range(20, 400):
        bench.at(second, lambda: setattr(bench.sensor, "broken", "nan"))
        bench.at(second + 0.1, lambda: setattr(bench.sensor, "broken", None))
    result = bench.run()
    assert result["status"] == "rejected"
    assert "readings were nonsense, such as 'nan'; check the sensor" in result["reasons"][1]


def test_a_stuck_sensor(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sensor.broken = "5000000"
    result = bench.run()
    assert result["status"] == "rejected"
    assert "never changed from idle to active; it is stuck" in result["reasons"][1]


def test_a_load_that_no_step_shows(tmp_path: Path) -> None:
    result = Bench(tmp_path, truth=Truth(load=0.004), noise=0.05).run()
    assert result["status"] == "rejected"
    assert "cannot be told from idle" in result["reasons"][-1] or "too noisy" in result["reasons"][-1]


def test_too_noisy(tmp_path: Path) -> None:
    result = Bench(tmp_path, noise=2.0).run()
    assert result["status"] == "rejected"
    assert "too noisy: the 95 % interval is" in result["reasons"][0] and "--seconds" in result["reasons"][0]
    assert net(result)["high"] - net(result)["low"] > 0.05 * TRUE_J


def test_too_short_and_too_few(tmp_path: Path) -> None:
    result = Bench(tmp_path).run(Settings(window_s=2.0, warm_up_s=0.0))
    assert result["status"] == "rejected"
    assert "too short: 3.50 s left of a window without its edges; should be 10 s: raise --seconds" in result["reasons"]
    result = Bench(tmp_path / "few").run(Settings(repeats=2, warm_up_s=0.0))
    assert result["status"] == "rejected"
    assert result["reasons"] == ["2 repeats wanted: should be 5 or more; raise --repeats"]


@pytest.mark.parametrize(("cost", "status"), [(0.02, "rejected"), (0.005, "ok")])
def test_sampling_must_not_cost_throughput(tmp_path: Path, cost: float, status: str) -> None:
    result = Bench(tmp_path, cost=cost).run()
    assert result["status"] == status
    assert result["sampling_cost"]["share"] == pytest.approx(cost, rel=0.05)
    assert ("sampling costs 2.0% of the throughput" in str(result["reasons"])) == (status == "rejected")


def test_a_clock_step_is_told_and_harms_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.at(60.0, lambda: setattr(bench.device, "wall_offset", 1.7e9))
    result = bench.run()
    assert result["status"] == "ok" and events(result) == ["clock step"]
    assert result["events"][0]["seconds"] == pytest.approx(1e8)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    bench, room = Bench(tmp_path), [60_000]

    def write(handle: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = os.write(handle, data[: room[0]])
        room[0] -= taken
        return taken

    bench.folder.mkdir()
    result = bench.run(log=RawLog(bench.folder / RAW, write))
    assert result["status"] == "ok" and covers(net(result), TRUE_J)
    assert result["events"][0]["text"] == f"{RAW}: No space left on device"
    # What is on disk and what the result brings is everything.
    unsaved = "\n".join(result["raw"]["unsaved_lines"]).encode()
    whole = (bench.folder / RAW).read_bytes() + unsaved
    samples = [line for line in map(json.loads, whole.splitlines()) if isinstance(line, list)]
    assert len(samples) == result["raw"]["samples"] > 5000
    assert len((bench.folder / RAW).read_bytes()) == 60_000


def test_a_disk_that_recovers_gets_it_all(tmp_path: Path) -> None:
    bench, faults = Bench(tmp_path), [3]

    def write(handle: int, data: bytes) -> int:
        if bench.device.time > 130 and faults[0]:
            faults[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(handle, data)

    bench.folder.mkdir()
    result = bench.run(log=RawLog(bench.folder / RAW, write))
    assert result["raw"]["unsaved_lines"] == []
    assert result["raw"]["samples"] == sum(isinstance(line, list) for line in read_lines(bench.folder / RAW))


def test_a_device_without_space_at_all(tmp_path: Path) -> None:
    log = RawLog(Path("/dev/full"))
    log.append({"a": 1})
    log.append({"b": 2})
    log.close()
    assert log.pending == b'{"a":1}\n{"b":2}\n' and "No space left" in log.fault


def test_throttling_costs_the_repeat(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def run(words: tuple[str, ...]) -> str | None:
        return "throttled=0x50005" if words[-1] == "get_throttled" and 150 < bench.device.time < 170 else None

    result = bench.run(run=run)
    assert result["status"] == "ok"
    assert "throttled: the board says: throttled, under-voltage" in str(result["repeats"])
    assert sum(not row["accepted"] for row in result["repeats"]) == 1


class Thermometer:
    """A thermal zone that is updated every two seconds."""

    def __init__(self, zone: Path, milli_celsius: Callable[[float], float]) -> None:
        self.path, self.value, self.next = zone / "temp", milli_celsius, 0.0
        self.path.write_text("0\n")

    def go_to(self, time: float) -> None:
        if time >= self.next:
            self.next = time + 2.0
            self.path.write_text(f"{self.value(time):.0f}\n")


def test_warm_up_lasts_until_the_temperature_is_steady(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    zone = bench.root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("soc\n")

    bench.device.sensors.append(Thermometer(zone, lambda now: 60000 - 20000 * 0.5 ** (bench.device.busy_time / 20)))
    result = bench.run(Settings())
    first = result["repeats"][0]["conditions"][0]["temperature_c"]["soc:0"]
    assert first == pytest.approx(60.0, abs=1.0)
    assert "temperature not steady" not in events(result)


def test_a_board_that_never_gets_steady_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    zone = bench.root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)

    bench.device.sensors.append(Thermometer(zone, lambda now: now * 1000))
    assert "temperature not steady" in events(bench.run(Settings(warm_up_limit_s=60.0)))


def test_a_workload_that_fails(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    run, calls = bench.load.run, []

    def fail(seconds: float) -> Any:
        calls.append(seconds)
        if len(calls) > 2:
            raise WorkloadError("bench: the board is silent")
        return run(seconds)

    bench.load.run = fail  # type: ignore[method-assign]
    result = bench.run()
    assert result["status"] == "failed" and result["reasons"][0] == "bench: the board is silent"
    assert len(result["repeats"]) == 1
