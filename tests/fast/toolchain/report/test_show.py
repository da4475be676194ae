from __future__ import annotations

import io
import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from tests.fast.toolchain.fabricated import ACCOUNT, DECISION, WAYS, record, records
from tests.fast.toolchain.package.test_manifest import _origin
from tests.fast.toolchain.report.page.results import measurement
from toolchain.device.checksums import write_manifest
from toolchain.errors import BuildError
from toolchain.files import sha256, write_json
from toolchain.layout import Layout, Request
from toolchain.package.manifest import build_manifest
from toolchain.report.show import latest_layout, report_of
from toolchain.report.table import print_report
from toolchain.results.account import Account
from toolchain.results.facts import IntegersFacts
from toolchain.results.facts.decision import KeptAnswers, Recurring
from toolchain.results.figures import KINDS
from toolchain.results.folding import TooDense
from toolchain.results.record import token_of, write_record
from toolchain.results.report import Report
from toolchain.results.request import write_newest
from toolchain.results.schemas import schema_of


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A build of which only the records and the manifest exist."""
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    layout = Layout(Request("ulx3s", "cqmlp"), tmp_path)
    every = {**records(), "package": record("package", {"p": "11"})}
    for name, one in every.items():
        write_record(layout.record(name), one)
        layout.token(name).write_text(token_of(one))
    manifest = build_manifest(_origin(tmp_path), records()).to_json()
    layout.stage("package").mkdir(parents=True)
    write_manifest(layout.stage("package"), {**manifest, "roles": {"bitstream": "x.bit"}})
    write_newest(layout.latest, layout.request)
    return layout


def test_the_object_has_every_promised_key(layout: Layout) -> None:
    report = report_of(layout).to_json()
    json.dumps(report)
    assert (report["model"], report["board"], report["flow"]) == ("cqmlp", "ulx3s", "fpga_open")
    assert (report["strategy"], report["status"]) == ("folded", "bitstream")
    assert report["data"]["kind"] == "synthetic"
    assert report["answers"] is None
    assert {"macro_f1", "per_class", "confusion", "float_reference", "random_split"} <= set(report["accuracy"])
    assert set(report["stages"]) == {*records(), "package"}
    for stage in report["stages"].values():
        assert set(stage) == {"seconds", "outputs", "verified", "checks"}
    assert report["stages"]["fold"]["verified"] is None
    assert report["stages"]["export"]["verified"] == {"compared": 100, "equal": 100}
    assert report["stages"]["export"]["checks"]["pytorch_qonnx"]["what"] == "outputs"
    assert {"kind", "tool", "lut", "ff", "bram", "dsp", "used_percent"} <= set(report["resources"])
    assert {"kind", "fmax_mhz", "clock_mhz", "latency_cycles", "initiation_interval"} <= set(report["timing"])
    assert report["files"]["bitstream"].endswith("package/x.bit")


def test_every_group_says_where_its_figures_come_from(layout: Layout) -> None:
    report = report_of(layout).to_json()
    for group in ("accuracy", "resources", "timing", "estimate"):
        assert report[group]["kind"] in KINDS
    assert report["accuracy"]["data"] == report["accuracy"]["float_reference"]["data"] == "synthetic"


def test_stages_are_in_the_order_in_which_they_run(layout: Layout) -> None:
    names = list(report_of(layout).to_json()["stages"])
    assert names.index("train") < names.index("fold") < names.index("simulate") < names.index("package")


def test_a_record_that_moved_on_lends_no_seconds(layout: Layout) -> None:
    newer = record("fold", {"m/fold/out": "01"})
    write_record(layout.record("fold"), newer)
    stages = report_of(layout).to_json()["stages"]
    assert stages["fold"]["seconds"] is None
    assert stages["train"]["seconds"] == 1.0


def test_a_build_that_stopped_later_is_said_to_be_the_last_whole_one(layout: Layout) -> None:
    layout.token("package").unlink()
    report = report_of(layout)
    assert report.complete is False
    assert "a later build stopped" in _printed(report)


def test_the_table_says_synthetic_and_names_kinds(layout: Layout) -> None:
    text = _printed(report_of(layout))
    for words in ("synthetic data", "routed", "simulated", "25 MHz (up to 60.0)", "1,250,000/s", "float reference"):
        assert words in text


def test_where_a_network_stops_is_shown(layout: Layout) -> None:
    report = report_of(layout)
    assert report.decision is None and "where the network stops" not in _printed(report)
    text = _printed(report.model_copy(update={"decision": DECISION}))
    assert re.search(r"1\s+12\s+80.00%\s+98.75%\s+90.00%\s+1,000\s+25%", text)
    assert re.search(r"an input\s+97.00%\s+1,600\s+40%", text)


def test_widths_are_shown_with_the_one_that_is_built(layout: Layout) -> None:
    slim = DECISION.model_copy(update={"widths": (50, 100), "thresholds": (0,)})
    text = _printed(report_of(layout).model_copy(update={"decision": slim}))
    assert "where the network stops" not in text
    assert re.search(r"50 %\s+90.00%\s+1,000\s+25%\s+as built", text)
    assert re.search(r"100 %\s+98.00%\s+4,000\s+100%\s*\n", text)


def test_what_an_answer_takes_is_shown_by_stage(layout: Layout) -> None:
    report = report_of(layout)
    assert report.account and report.account.ways[0].name == "every input"
    assert "what an answer takes" not in _printed(report)
    shown = report.model_copy(update={"account": ACCOUNT})
    text = _printed(shown)
    assert "no meter has measured energy" in text and "Clock tree and leakage go on" in text
    assert re.search(r"stage 1\s+55\s+41\s+90\s+1,800", text)
    assert re.search(r"stage 2\s+-\s+-\s+190\s+5,000", text)
    assert re.search(r"an input\s+-\s+-\s+110\s+2,440 *\n", text) and "toggles, simulated" not in text
    result = {"schema": 2, "status": "ok", "reasons": [], "latency": None, "energy": measurement()["energy"]}
    write_json(layout.board_dir / "measurements" / "1.json", {**result, "provenance": {"build_id": "bb" * 8}})
    text = _printed(report_of(layout).model_copy(update={"account": ACCOUNT}))
    assert "what an answer takes: 230 µJ an inference, measured on what `measure` played" in text


def test_what_a_memory_saves_is_told_of_inputs_that_come_twice(layout: Layout) -> None:
    twice = Recurring(answered=(60, 20), recalled=120)
    decision = DECISION.model_copy(update={"memory": KeptAnswers(size=50, place="driver", twice=twice)})
    report = report_of(layout).model_copy(update={"decision": decision, "account": Account.of(WAYS, twice)})
    text = _printed(report)
    assert re.search(r"each twice\s+60.00% kept\s+97.00%\s+700\s+18%", text) and "keeps 50 answers" in text
    assert re.search(r"each twice\s+-\s+-\s+46\s+1,040", text)


def test_a_column_is_there_where_a_stage_has_its_figure(layout: Layout) -> None:
    first, second = ACCOUNT.ways
    assert first.cycles
    counted = first.model_copy(update={"cycles": first.cycles.model_copy(update={"toggles": 700})})
    text = _printed(report_of(layout).model_copy(update={"account": Account.of((counted, second))}))
    assert "toggles, simulated" in text
    assert re.search(r"stage 1\s+55\s+41\s+90\s+1,800\s+700", text)
    assert re.search(r"stage 2\s+-\s+-\s+190\s+5,000\s+-", text)


def test_accuracy_against_luts_is_shown_of_a_training_with_a_budget(layout: Layout) -> None:
    report = report_of(layout)
    assert report.to_json()["front"][0] == {"lut": 923, "macro_f1": 0.9911, "kept": True}
    text = _printed(report)
    assert "accuracy against LUTs" in text and re.search(r"923\s+0\.9911\s+built", text)
    assert "accuracy against LUTs" not in _printed(report.model_copy(update={"front": ()}))


def test_layers_that_are_too_dense_to_unroll_are_told(layout: Layout) -> None:
    report = report_of(layout)
    assert report.estimate is not None and "too dense" not in _printed(report)
    products = (TooDense(tensor="fc1", lut=9000, reason="lut"), TooDense(tensor="fc2", lut=15000, reason="wires"))
    dense = report.estimate.model_copy(update={"too_dense": products})
    partly = report.model_copy(update={"estimate": dense})
    told = partly.to_json()["estimate"]["too_dense"]
    assert [(each["tensor"], each["reason"]) for each in told] == [("fc1", "lut"), ("fc2", "wires")]
    printed = _printed(partly)
    assert "too dense for the board: fc1 (unrolled an estimated 9,000 LUT)" in printed
    assert "fc2 (unrolled an estimated 15,000 LUT, whose wires would find no way)" in printed


def test_the_newest_build_is_found_by_its_pointer(layout: Layout) -> None:
    assert latest_layout("ulx3s", "cqmlp") == layout


def test_a_build_that_is_not_there_names_the_command(layout: Layout) -> None:
    with pytest.raises(BuildError, match="not been built for icebreaker yet; run `make build BOARD=icebreaker"):
        latest_layout("icebreaker", "cqmlp")
    with pytest.raises(BuildError, match=r"built for ulx3s: cqmlp \(MODEL=cqmlp\)"):
        latest_layout("ulx3s", "litecnn")
    absent = Layout(Request("ulx3s", "cqmlp", fps="max"), layout.root)
    with pytest.raises(BuildError, match="FPS=max"):
        report_of(absent)


def _printed(report: Report) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    print_report(report, console, "windows")
    return console.export_text()


def test_the_accuracy_of_a_file_is_shown(layout: Layout) -> None:
    read = {"framework": "the qonnx executor", "vectors": {"count": 60, "kind": "test set"}, "accuracy": 0.925}
    facts = IntegersFacts.model_validate({**read, "inputs": 8, "outputs": 4, "layers": (), "notices": ("mind this",)})
    text = _printed(report_of(layout).model_copy(update={"accuracy": None, "integers": facts}))
    assert "integers held against the qonnx executor (60 vectors of the test set)" in text
    assert "accuracy of the qonnx executor: 0.9250" in text
    assert "mind this" in text


def test_the_newest_measurement_of_this_build_is_shown(layout: Layout) -> None:
    assert report_of(layout).measurement is None
    folder = layout.board_dir / "measurements"
    for name, build_id in (("1", "bb" * 8), ("2", "cc" * 8)):
        result = {"schema": 2, "status": "unavailable", "reasons": ["no sensor"], "latency": None, "energy": None}
        write_json(folder / f"{name}.json", {**result, "provenance": {"build_id": build_id}})
    report = report_of(layout)
    assert report.measurement
    assert report.measurement.provenance.build_id == "bb" * 8
    assert report.to_json()["measurement"]["schema"] == 2
    console = Console(width=100, file=io.StringIO())
    print_report(report, console, "windows")
    assert "energy of an inference" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_manifest_that_was_altered_is_no_report(layout: Layout) -> None:
    path = layout.stage("package") / "manifest.json"
    path.write_text(path.read_text().replace('"macro_f1": 0.99', '"macro_f1": 1.0'))
    with pytest.raises(BuildError, match=r"manifest\.json: was altered after packing"):
        report_of(layout)


def test_a_manifest_that_was_written_anew_is_no_report(layout: Layout) -> None:
    folder = layout.stage("package")
    name = str((folder / "manifest.json").relative_to(layout.root))
    write_record(layout.record("package"), record("package", {name: sha256(folder / "manifest.json")}))
    report_of(layout)
    write_manifest(folder, {**json.loads((folder / "manifest.json").read_text()), "status": "altered"})
    with pytest.raises(BuildError, match=r"manifest\.json: was altered after the build wrote it"):
        report_of(layout)


def test_what_is_shown_keeps_its_schema(layout: Layout) -> None:
    jsonschema.validate(report_of(layout).to_json(), schema_of(Report))


def test_a_manifest_of_another_version_says_which_build_to_run_again(layout: Layout) -> None:
    _written_anew(layout, {"format": 0})
    with pytest.raises(BuildError, match="version 0 where this Gateweave has 2; run `make build BOARD=ulx3s"):
        report_of(layout)


def test_a_key_that_no_manifest_has_is_named(layout: Layout) -> None:
    _written_anew(layout, {"speed": 3})
    with pytest.raises(BuildError, match=r"not a manifest: speed: is unknown; run `make build BOARD=ulx3s"):
        report_of(layout)


def _written_anew(layout: Layout, changes: dict[str, object]) -> None:
    folder = layout.stage("package")
    write_manifest(folder, {**json.loads((folder / "manifest.json").read_text()), **changes})


def test_the_worst_answers_are_shown_while_their_stage_is_the_packages(layout: Layout) -> None:
    layout.stage("export").mkdir(parents=True)
    logits = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    np.savez(layout.golden, x=np.zeros((3, 8), np.uint8), logits=logits, truth=np.array([0, 0, 1], np.uint8))
    report = report_of(layout)
    assert report.answers is not None
    assert [(worst.vector, worst.true, worst.said) for worst in report.answers.worst] == [
        (2, "DoS", "normal"),
        (1, "normal", "DoS"),
    ]
    jsonschema.validate(report.to_json(), schema_of(Report))
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=200), "windows")
    assert "worst vectors: 2 (DoS said normal), 1 (normal said DoS)" in stream.getvalue()
