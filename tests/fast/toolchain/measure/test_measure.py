"""From a build to a result: the agent taken to a machine, what it took brought back, whatever happens on the way."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.doubles.agent import Losing, told
from tests.doubles.packed import device
from tests.fast.toolchain.measure.bench import TRUE_J, Bench
from toolchain.device.agent.analyse import RAW
from toolchain.device.agent.plan import Settings
from toolchain.device.link.axi.sense import Expected
from toolchain.errors import BuildError, ToolError
from toolchain.measure.measure import Job, measure_at, measure_here
from toolchain.measure.workloads import bench_workload, driver_words, runner_words
from toolchain.places.place import Here
from toolchain.places.remote import Remote
from toolchain.report.measurement_table import measurement_rows, measurement_table, with_prefix
from toolchain.results.device import DeviceDescription
from toolchain.results.measurement import Measurement, Provenance
from toolchain.results.measurements import latest_result, read_results, save_result
from toolchain.results.model import parse

WORK = """import json, sys, time
time.sleep(float(sys.argv[1]))
print(json.dumps({"inferences": 50, "seconds": sys.argv[1]}))
"""
JOB = Job("host", "cqmlp", [sys.executable, "-c", WORK, "{seconds}"], settings=Settings(0.01, 5, 0.0))


def record(told: dict[str, Any]) -> Measurement:
    return parse(json.loads(json.dumps(told)), Measurement, "told", "make measure")


def test_a_machine_without_sensors_gives_latency(tmp_path: Path) -> None:
    result = measure_at(Here(tmp_path / "home"), JOB, tmp_path / "build", [sys.executable])
    if any(Path("/sys/class/powercap").glob("intel-rapl:*")) or any(Path("/sys/class/hwmon").glob("*")):
        assert result.latency is not None  # this machine has sensors of its own
        return
    assert result.status == "unavailable"
    assert result.reasons == ("this machine has no power sensor",)
    kept = latest_result(tmp_path / "build")
    assert kept is not None
    assert (kept.board, kept.model, kept.latency and kept.latency.inferences) == ("host", "cqmlp", 250)
    assert len(kept.provenance.agent or "") == 16
    assert kept.raw and kept.raw.file.endswith(".raw.jsonl")
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["agent"]


def test_ssh_is_a_place() -> None:
    verbs = {"deploy", "ask", "as_root", "fetch"}
    assert verbs <= set(dir(Remote)) and verbs <= set(dir(Here))


def test_over_ssh_the_agent_goes_there_and_its_result_comes_back(tmp_path: Path, ssh: Path) -> None:
    result = measure_at(Remote("me@board"), JOB, tmp_path / "build", [sys.executable])
    assert result.latency and result.latency.inferences >= 250
    kept = latest_result(tmp_path / "build")
    assert kept is not None and kept.latency == result.latency
    # The raw file was fetched, then removed there.
    assert len(list((tmp_path / "build/measurements").glob("*.raw.jsonl"))) == 1
    assert [path.name for path in (ssh / "home/gateweave").iterdir()] == ["agent"]


def test_a_changed_host_key_ends_it_before_anything_runs(tmp_path: Path, ssh: Path) -> None:
    (ssh / "fault").write_text("changed")
    with pytest.raises(ToolError, match="its host key changed"):
        measure_at(Remote("me@board"), JOB, tmp_path / "build")
    assert read_results(tmp_path / "build") == []


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    bench = Bench(tmp_path_factory.mktemp("raw"))
    bench.run()
    return (bench.folder / RAW).read_bytes()


def test_a_lost_connection_loses_no_samples(tmp_path: Path, raw: bytes) -> None:
    cut = raw[: raw.rindex(b'{"unsampled"') - 3]
    result = measure_at(Losing(cut), JOB, tmp_path)  # type: ignore[arg-type]
    assert result.status == "unfinished"
    assert result.reasons[0] == "root@board: root@board: connection lost"
    assert result.energy and result.energy.per_inference_j.net.median == pytest.approx(TRUE_J, rel=0.02)
    kept = next((tmp_path / "measurements").glob("*.raw.jsonl"))
    assert kept.read_bytes() == cut


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="the agent took nothing: root@board: connection lost"):
        measure_at(Losing(None), JOB, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(ToolError, match="took nothing of use"):
        measure_at(Losing(b"{}\n"), JOB, tmp_path)  # type: ignore[arg-type]
    assert read_results(tmp_path) == []


def altered(path: str, value: Any) -> str:
    whole = told()
    part = whole
    for key in path.split(".")[:-1]:
        part = part[key]
    part[path.split(".")[-1]] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("stdout", "words"),
    [
        ("Segmentation fault", "it printed 'Segmentation fault', no JSON object"),
        ("[1, 2]", "it printed"),
        ('{"schema": 2}', "status: is missing"),
        (json.dumps({**told(), "schema": 1}), "schema: 1, should be 2"),
        (altered("status", "splendid"), "status: 'splendid', should be failed or"),
        (altered("reasons", "none"), "reasons: 'none', should be a list"),
        (altered("started_unix", 1e300), "started_unix: 1e\\+300, should be 0 to"),
        (altered("latency", 3), "latency: 3, should be an object"),
        (altered("latency.seconds_per_inference.median", 0), "latency.seconds_per_inference.median: 0, should be"),
        (altered("latency.cycles_per_inference", 10**30), "cycles_per_inference: 1000"),
        (altered("latency.kind", "guessed"), "latency.kind: 'guessed'"),
        (altered("energy.power_w.active.median", 1e24), "energy.power_w.active.median: 1e\\+24, should be -1 to 1000"),
        (altered("energy.power_w.active.median", -5), "energy.power_w.active.median: -5, should be"),
        (altered("energy.power_w.net.median", float("nan")), "energy.power_w.net.median: nan"),
        (altered("energy.per_inference_j.net.high", float("inf")), "energy.per_inference_j.net.high: inf"),
        (altered("energy.per_inference_j.net.low", 1.0), "net.median: 0.0002, should lie within 1 to"),
        (altered("energy.power_w", {}), "energy.power_w.idle: is missing"),
        (altered("energy.kind", "unavailable"), "energy.kind: 'unavailable', where there is an energy"),
        (altered("unreadable", [{"name": "VDD_IN", "why": "x", "needed": True}]), "'VDD_IN', is missing in the figure"),
        (altered("unreadable", [{"name": "VDD_IN"}]), r"unreadable\[0\].why: is missing"),
        (altered("sources", 5), "sources: 5, should be a list"),
        (altered("latency.surplus", 1), r"latency.surplus: is unknown; run `make measure` again"),
        (altered("energy.per_inference_j.mean", 1), r"energy.per_inference_j.mean: is unknown"),
        (altered("repeats", [{"accepted": "yes"}]), r"repeats.0.accepted: 'yes': Input should be a valid boolean"),
        (altered("raw", {"unsaved_lines": [{}]}), r"raw.unsaved_lines\[0\]: an object of 0"),
    ],
)
def test_a_result_that_cannot_be_ends_in_one_line(tmp_path: Path, raw: bytes, stdout: str, words: str) -> None:
    with pytest.raises(ToolError, match=f"root@board: the agent's result cannot be used: .*{words}") as caught:
        measure_at(Losing(raw, stdout=stdout), JOB, tmp_path)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value) and "; its files stay there in agent-" in str(caught.value)
    assert read_results(tmp_path) == [] and not (tmp_path / "measurements").exists()


@pytest.mark.parametrize(
    "line", [b'[1,99,5]', b'[1]', b'5', b'{"plan": 3}', b'{"repeat": {}}', b'["x",0,{}]', b'{"end": 5, "reason": 1}']
)  # fmt: skip
def test_samples_that_no_agent_wrote_end_in_one_line(tmp_path: Path, raw: bytes, line: bytes) -> None:
    first = raw.split(b"\n", 1)[0]
    with pytest.raises(ToolError, match="root@board: "):
        measure_at(Losing(first + b"\n" + line + b"\n"), JOB, tmp_path)  # type: ignore[arg-type]
    assert read_results(tmp_path) == []


@pytest.mark.parametrize("draws", ["0", "1" + "0" * 400, "1e400", "null"])
def test_a_spoilt_number_of_draws_hangs_nothing(tmp_path: Path, raw: bytes, draws: str) -> None:
    spoilt = raw.replace(b'"draws":2000', f'"draws":{draws}'.encode(), 1)
    assert spoilt != raw
    with pytest.raises(ToolError, match=r"took nothing of use \(draws: .*, should be 1 to 100000\)"):
        measure_at(Losing(spoilt), JOB, tmp_path)  # type: ignore[arg-type]


def test_what_this_computer_knows_is_not_taken_from_the_machine(tmp_path: Path, raw: bytes) -> None:
    said = told(board="other", provenance={"build_id": "00", "machine": "m"})
    job = replace(JOB, provenance=Provenance(build_id="bb"))
    result = measure_at(Losing(raw, stdout=json.dumps(said)), job, tmp_path)  # type: ignore[arg-type]
    assert (result.board, result.model) == ("host", "cqmlp")
    assert (result.provenance.build_id, result.provenance.machine) == ("bb", "m")


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(100_000_000, 40, 13), "latency: cycles: 11 an inference, should be 12 to 54 by the package"),
        (Expected(100_000_000, 4, 5), "latency: cycles: 11 an inference, should be 4 to 10 by the package"),
        (Expected(50_000, 40, 10), "latency: seconds: 0.0001 an inference, should be 0.000198 or more"),
    ],
)
def test_cycles_are_held_against_the_packages_simulation(
    tmp_path: Path, raw: bytes, expected: Expected, words: str
) -> None:
    place = Losing(raw, stdout=json.dumps(told()))
    assert measure_at(place, replace(JOB, expected=Expected(100_000_000, 40, 11)), tmp_path).status == "ok"  # type: ignore[arg-type]
    with pytest.raises(ToolError, match=words):
        measure_at(place, replace(JOB, expected=expected), tmp_path)  # type: ignore[arg-type]


def test_a_sensor_that_the_board_has_and_linux_does_not_show_is_told(tmp_path: Path, raw: bytes) -> None:
    place = Losing(raw, stdout=json.dumps(told(sources=[{"name": "ina226_u65"}])))
    job = replace(JOB, board="zcu104", sensors=["ina226", "irps5401"])
    (said,) = measure_at(place, job, tmp_path).reasons  # type: ignore[arg-type]
    assert said.startswith("zcu104 has a sensor irps5401, and none of that name is read there")
    assert measure_at(place, replace(job, sources=["ina226_u65"]), tmp_path).reasons == ()  # type: ignore[arg-type]


def test_root_and_choices_reach_the_agent(tmp_path: Path, raw: bytes) -> None:
    place = Losing(raw, stdout="noise\n" + json.dumps(told()) + "\n")
    job = Job("b", "m", ["x", "{count}"], "pkg", Settings(20, 7, 3), ["s1"], ["/dev/i2c-1:0x40:ina226:0.1"], True, "/t")
    assert measure_at(place, job, tmp_path).started_unix == 5  # type: ignore[arg-type]
    words = place.asked[0]
    assert words[:5] == ["sudo", "-n", "python3", "agent/agent.pyz", "measure"]
    text = " ".join(words)
    for part in ("--seconds 20", "--repeats 7", "--warm-up 3", "--source s1", "--i2c /dev/i2c-1:"):
        assert part in text
    assert text.endswith("--root /t --cd pkg -- x {count}")
    assert place.asked[1][:5] == ["sudo", "-n", "rm", "-rf", "--"]


def test_a_driver_on_this_computer(tmp_path: Path) -> None:
    class Driver:
        def bench(self, inferences: int, seconds: float = 60.0) -> Any:
            import time
            from types import SimpleNamespace

            time.sleep(min(inferences * 1e-3, 0.3))
            return SimpleNamespace(cycles=42 * inferences)

    workload = bench_workload(Driver(), 0.01)
    result = measure_here(workload, [], JOB, tmp_path)
    assert result.status == "unavailable" and "METER=" in result.reasons[0]
    assert result.latency and result.latency.cycles_per_inference == 42
    assert result.workload and result.workload.name == "bench"


def test_results_are_kept_and_what_is_none_is_passed_over(tmp_path: Path) -> None:
    whole = {"schema": 2, "status": "ok", "provenance": {}, "reasons": [], "latency": None, "energy": None}
    for started in (2000, 1000):
        save_result(tmp_path, record({**whole, "started_unix": started}), None)
    (tmp_path / "measurements" / "a.json").write_text("{broken")
    (tmp_path / "measurements" / "b.json").write_text('{"schema": 99}')
    for name, odd in (
        ("c", {"latency": 3}),
        ("d", {"energy": {"per_inference_j": {}}}),
        ("e", {"reasons": [1]}),
        ("f", {"surplus": 1}),
    ):
        (tmp_path / "measurements" / f"{name}.json").write_text(json.dumps({**whole, **odd}))
    assert [result.started_unix for result in read_results(tmp_path)] == [1000, 2000]
    latest = latest_result(tmp_path)
    assert latest is not None and latest.started_unix == 2000
    assert latest_result(tmp_path / "none") is None


def test_what_a_full_disk_did_not_take_joins_the_rest(tmp_path: Path) -> None:
    (tmp_path / "raw.jsonl").write_text('{"header": 1}\n[1,0')
    said = {"file": "raw.jsonl", "samples": 2, "unsaved_lines": [",5]", "[2,0,6]"]}
    path = save_result(tmp_path, record(told(raw=said)), tmp_path / "raw.jsonl")
    kept = json.loads(path.read_text())["raw"]
    assert kept["unsaved_lines"] == [] and kept["samples"] == 2
    assert (path.parent / kept["file"]).read_text() == '{"header": 1}\n[1,0,5]\n[2,0,6]\n'


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "measurements").write_text("in the way")
    with pytest.raises(BuildError, match="cannot write: File exists"):
        save_result(tmp_path, record(told()), None)


def test_the_table_says_kind_and_reasons(tmp_path: Path) -> None:
    good = Bench(tmp_path / "good").run()
    rows = {row[0]: row for row in measurement_rows(record(good))}
    assert rows["energy of an inference, net"][3] == "measured"
    assert rows["energy of an inference, net"][1].endswith("µJ")
    bad = Bench(tmp_path / "bad", noise=2.0).run()
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(measurement_table(record(bad)))
    text = console.export_text()
    assert "cqmlp on zcu104: rejected" in text and "too noisy" in text and "measured, rejected" in text


def test_prefixes() -> None:
    assert [with_prefix(v, "J") for v in (2.3e-4, 1.5, -0.004, 0.0, 4e-10)] == [
        "230 µJ", "1.5 J", "-4 mJ", "0 pJ", "400 pJ",
    ]  # fmt: skip


def test_words_of_packages() -> None:
    options = {"level": "all", "disabled": ["GeluFusion"], "entries": ["a.b=1"]}
    words = runner_words(DeviceDescription(**device(options=options)))
    assert "--model models/fp32.onnx" in " ".join(words) and words[-2:] == ["--seconds", "{seconds}"]
    assert words[words.index("--disable") + 1] == "GeluFusion" and words[words.index("--config") + 1] == "a.b=1"
    assert "{count}" in driver_words()


def test_results_are_plain_json(tmp_path: Path) -> None:
    assert json.loads(json.dumps(Bench(tmp_path).run(), allow_nan=False))["schema"] == 2


def test_what_the_agent_tells_is_the_record_to_the_last_key(tmp_path: Path) -> None:
    """A key that is renamed on the device is refused here, and the other way round."""
    for said in (Bench(tmp_path / "good").run(), Bench(tmp_path / "bad", noise=2.0).run()):
        plain = json.loads(json.dumps(said))
        assert record(plain).to_json() == plain
