from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.report.page.conftest import fabricate
from tests.fast.toolchain.report.page.results import measurement, run_result, write_results
from toolchain.device.checksums import write_manifest
from toolchain.errors import BuildError
from toolchain.files import write_json
from toolchain.layout import Layout, Request
from toolchain.report.page import build_page, overview_page, write_build_page, write_overview
from toolchain.report.page.render import ORIGINS
from toolchain.results.facts import FoldFacts
from toolchain.results.figures import KINDS
from toolchain.results.folding import FifoDepth, FoldedUnits, FoldedUse, StageFolding
from toolchain.results.record import read_record, token_of, write_record
from toolchain.results.request import write_newest

_LOADS = {"src", "srcset", "href", "action", "data", "poster", "background", "cite", "formaction", "ping", "xlink:href"}
_VOID = {"meta", "link", "br", "img", "input", "hr"}


class _Page(HTMLParser):
    """What a page refers to, its text, and whether its elements are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.refers: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self._open.append(tag)
        for name, value in attributes:
            if name in _LOADS:
                self.refers.append((tag, value or ""))
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"style", "title"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_a_page_that_cannot_be_written_keeps_no_other_back(tmp_path: Path) -> None:
    one, other = (fabricate(tmp_path, Request(board, "cqmlp")) for board in ("ulx3s", "icebreaker"))
    (one.variant_dir / "report.html").mkdir()
    told: list[str] = []
    assert write_overview(tmp_path, told.append).is_file()
    assert (other.variant_dir / "report.html").is_file()
    assert told == [f"{one.variant_dir}/report.html: cannot write: Is a directory"]


def test_a_folder_of_builds_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.report.page.render.can_be_written", lambda folder: False)
    with pytest.raises(BuildError, match=f"^{tmp_path}: may not be written; copy it, .* with GATEWEAVE_BUILD_DIR="):
        write_overview(tmp_path)


@pytest.fixture(scope="module")
def measured_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a build that was run and measured; most of a page's time goes into its drawings."""
    layout = fabricate(tmp_path_factory.mktemp("measured"), Request("ulx3s", "cqmlp"))
    write_results(layout.board_dir)
    return build_page(layout)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The pages of a build alone and of one that was measured and stands beside another, and the overview."""
    layout = fabricate(tmp_path_factory.mktemp("pages"), Request("ulx3s", "cqmlp"))
    alone = build_page(layout)
    write_results(layout.board_dir)
    fabricate(layout.root, Request("icebreaker", "cqmlp"))
    return alone, build_page(layout), overview_page(layout.root)


def test_a_page_asks_nothing_of_any_network(pages: tuple[str, ...]) -> None:
    for html in pages:
        page = _Page(html)
        assert not page.tags & {"script", "iframe", "img", "object", "embed", "form", "base", "video", "audio"}
        for tag, target in page.refers:
            relative = tag == "a" and target.endswith("report.html") and "//" not in target
            assert relative or target.startswith("#") or target == "data:,", (tag, target)
        assert not re.search(r"https?:|@import|url\((?!#)", html)
        assert "default-src 'none'" in html


def test_what_a_drawing_refers_to_is_there_once(pages: tuple[str, ...]) -> None:
    for html in pages:
        page = _Page(html)
        assert len(page.ids) == len(set(page.ids))
        assert set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", html)) <= set(page.ids)


def test_colours_of_drawings_follow_light_and_dark(measured_page: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", measured_page, re.DOTALL))
    assert "var(--accent)" in drawings
    assert not re.search(r"#[0-9a-f]{6}\b", drawings)


def test_equal_inputs_give_equal_bytes(layout: Layout) -> None:
    write_results(layout.board_dir)
    first = write_build_page(layout).read_bytes()
    assert write_build_page(layout).read_bytes() == first
    assert str(layout.root).encode() not in first


def test_what_was_not_measured_is_said_to_be_so(layout: Layout) -> None:
    text = _Page(build_page(layout)).text
    assert "energy of an inference not measured" in text
    assert "no board has confirmed this build yet" in text
    assert "not measured: this build has not been run" in text
    assert "not measured: no sensor has been read" in text
    assert "Not built for microcontroller, ARM, Jetson, PC." in text


def test_every_part_is_there_once_it_was_run_and_measured(measured_page: str) -> None:
    text = _Page(measured_page).text
    for words in (
        "accuracy 99.00 % simulated macro F1 0.9900",
        "2.00 µs simulated 50 cycles at 25 MHz",
        "latency, end to end 1.01 ms measured",
        "energy of an inference 230 µJ measured 225 µJ to 237 µJ",
        "1,000 routed",
        "RTL, every layer = integer graph simulate 100 of 100 equal (every element of every layer, test set) simulated",
        "the board itself run 46,840 of 46,840 equal (labels, test set) measured",
        "; 1 slower than shown",
        "ina226 12 V input measured",
        "5 of 5 accepted",
        "cpu 41.0 to 45.5 °C; sampling costs 0.20 % of throughput",
        "synthetic",
    ):
        assert words in text, words


def test_a_rejected_measurement_lends_no_figure_but_its_reason(layout: Layout) -> None:
    why = "the interval is 7.1 % wide, more than 5 %; measure for 20 s"
    write_json(layout.board_dir / "measurements" / "a.json", measurement(status="rejected", reasons=[why]))
    text = _Page(build_page(layout)).text
    assert why in text
    assert "energy of an inference not measured" in text


@pytest.mark.parametrize(
    "made_up",
    [
        {"kind": "simulated"},
        {"provenance": {"build_id": "bb" * 8, "emulated": True}},
        {"latency": {"kind": "emulated", "seconds_per_inference": {"median": 1e-4}}},
    ],
)
def test_a_made_up_sensor_or_an_emulator_lends_no_figure(layout: Layout, made_up: dict[str, Any]) -> None:
    write_json(layout.board_dir / "measurements" / "a.json", measurement(**made_up))
    text = _Page(build_page(layout)).text
    assert "energy of an inference not measured" in text
    assert "in a loop" not in text


def test_a_virtual_board_lends_no_time_and_confirms_no_board(layout: Layout) -> None:
    run = run_result(virtual=True)
    run["latency"]["kind"] = "emulated"
    write_json(layout.board_dir / "measurements" / "a.json", run)
    text = _Page(build_page(layout)).text
    assert "latency, end to end" not in text
    assert "130,208/s measured on-chip bench" not in text
    assert "Virtual board, by the driver run 46,840 of 46,840 equal" in text
    assert "no board has confirmed this build yet" in text
    assert "emulated" in text


def test_a_difference_on_the_board_is_shown_as_one(layout: Layout) -> None:
    run = run_result(answers={"kind": "measured", "compared": 100, "equal": 99})
    write_json(layout.board_dir / "measurements" / "a.json", run)
    assert re.search(r'<li class="different">.*?99 of 100 equal', build_page(layout), re.DOTALL)


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x>', "$\\frac{1}{0}$"])
def test_text_from_files_stays_text(layout: Layout, hostile: str) -> None:
    write_results(layout.board_dir)
    result = measurement(reasons=[hostile], sources=[{"name": hostile, "rail": hostile, "kind": hostile}])
    write_json(layout.board_dir / "measurements" / "energy-1.json", result)
    page = _Page(build_page(layout))
    assert hostile in "".join(page.words)
    assert not page.tags & {"script", "img"}


@pytest.mark.parametrize(
    "broken",
    [{}, {"latency": 3, "answers": [], "accuracy": None}, {"latency": {"seconds": {"end_to_end": {"median": "x"}}}}],
)
def test_results_that_lack_parts_or_hold_nonsense_still_make_a_page(layout: Layout, broken: dict[str, Any]) -> None:
    write_results(layout.board_dir)
    folder = layout.board_dir / "measurements"
    write_json(folder / "run-1.json", {"what": "run", **broken})
    energy = {"status": "ok", "energy": {"per_inference_j": 1}, "repeats": [1, {}], **broken}
    write_json(folder / "energy-1.json", energy)
    assert "energy of an inference not measured" in _Page(build_page(layout)).text


def test_a_manifest_that_lacks_all_but_its_name_still_makes_a_page(layout: Layout) -> None:
    write_manifest(layout.stage("package"), {"accuracy": None, "layers": None})
    text = _Page(build_page(layout)).text
    assert "accuracy not measured" in text
    assert "latency, fabric alone not measured" in text


def test_the_overview_has_every_build_below_its_network_and_writes_their_pages(layout: Layout) -> None:
    other = fabricate(layout.root, Request("icebreaker", "cqmlp"))
    apart = fabricate(layout.root, Request("ulx3s", "cqmlp", recipe="published"))
    html = write_overview(layout.root).read_text()
    targets = [target for tag, target in _Page(html).refers if tag == "a"]
    pages = [(build.variant_dir / "report.html").relative_to(layout.root) for build in (layout, other, apart)]
    assert sorted(targets) == sorted(map(str, pages))
    assert all((layout.root / target).is_file() for target in targets)
    assert html.count("<h2>cqmlp") == 2


def test_a_build_is_compared_with_others_of_its_network_only(layout: Layout) -> None:
    fabricate(layout.root, Request("icebreaker", "cqmlp"))
    fabricate(layout.root, Request("tangnano9k", "cqmlp", recipe="published"))
    text = _Page(build_page(layout)).text
    assert "iCEBreaker" in text
    assert "Tang" not in text


def test_no_build_at_all_is_said(tmp_path: Path) -> None:
    assert "Nothing has been built yet" in _Page(overview_page(tmp_path)).text


def test_every_kind_of_figure_has_its_meaning() -> None:
    assert {*KINDS, "synthetic", "emulated"} == set(ORIGINS)


def _runtime(board: str, root: Path) -> Layout:
    """A build for ONNX Runtime, timed on the computer that built it."""
    layout = fabricate(root, Request(board, "cqmlp", flow="ort"))
    times = {"min_us": 2.0, "p50_us": 2.5, "p90_us": 2.6, "p99_us": 3.0, "floor_us": 0.8}
    rows = [{"variant": name, "runner": "c", "kind": "measured", "where": "host: EPYC", **times} for name in "ab"]
    latency = {"rows": rows, "chosen": "b", "throughput": {"kind": "measured", "batch": 64, "per_second": 2110000}}
    write_manifest(layout.stage("package"), {"latency": latency, "device": {"machine": "aarch64"}})
    return layout


def test_the_time_of_the_building_computer_is_not_the_boards(tmp_path: Path) -> None:
    text = _Page(build_page(_runtime("raspberrypi4", tmp_path))).text
    assert "latency, one call not measured 2.50 µs measured on the computer that built it" in text
    assert "throughput not measured" in text
    assert "Not built for FPGA, microcontroller, Jetson, PC." in text


def test_the_host_is_the_computer_that_built_it(tmp_path: Path) -> None:
    text = _Page(build_page(_runtime("host", tmp_path))).text
    assert "latency, one call 2.50 µs measured median, b" in text
    assert "throughput 2.11 M/s measured batch 64" in text
    assert "measured host: EPYC" in text


@pytest.mark.parametrize("odd", ["1e400", "{}", "[]", '"x"', "-1", "1" + "0" * 400, "NaN", "[" * 5000 + "]" * 5000])
def test_odd_values_in_records_and_results_still_make_a_page(layout: Layout, odd: str) -> None:
    write_results(layout.board_dir)
    record, run = layout.record("simulate"), layout.board_dir / "measurements" / "run-1.json"
    record.write_text(record.read_text().replace('"seconds": 1.0', f'"seconds": {odd}'))
    run.write_text(run.read_text().replace('"median": 366', f'"median": {odd}').replace("1800.0", odd))
    energy = layout.board_dir / "measurements" / "energy-1.json"
    energy.write_text(energy.read_text().replace('"share": 0.002', f'"share": {odd}'))
    assert "Verification ladder" in build_page(layout)
    if odd == "1e400":
        assert "run-1.json: latency.cycles.median: inf: no figure, left out" in _Page(build_page(layout)).text


def test_texts_that_cannot_be_written_are_replaced(layout: Layout) -> None:
    write_results(layout.board_dir)
    path = layout.board_dir / "measurements" / "energy-1.json"
    path.write_text(json.dumps(measurement(reasons=["lone \ud800 and \x00"])))
    assert "lone ? and ?" in write_build_page(layout).read_text()


def _foreign(root: Path, accuracy: float | None) -> Layout:
    layout = fabricate(root, Request("host", "net", flow="ort", file="/x/net.onnx"))
    graphs = {"accuracy": accuracy, "reference": "ONNX Runtime", "vectors": {"count": 120, "kind": "calibration"}}
    write_manifest(layout.stage("package"), {"accuracy": None, "graphs": graphs})
    return layout


def test_the_accuracy_of_a_file_is_that_on_the_labels_that_came_with_it(tmp_path: Path) -> None:
    text = _Page(build_page(_foreign(tmp_path, 0.925))).text
    assert "accuracy 92.50 % simulated of ONNX Runtime, on 120 vectors (calibration data)" in text
    assert "not measured: this network came as a file" not in text


def test_so_is_that_of_a_file_on_an_fpga(tmp_path: Path) -> None:
    layout = fabricate(tmp_path, Request("ulx3s", "net", file="/x/net.onnx"))
    read = {"accuracy": 0.925, "framework": "the qonnx executor", "vectors": {"count": 60, "kind": "test set"}}
    write_manifest(layout.stage("package"), {"accuracy": None, "integers": read})
    assert (
        "accuracy 92.50 % simulated of the qonnx executor, on 60 vectors (test set)" in _Page(build_page(layout)).text
    )


def test_a_file_without_labels_has_no_accuracy(tmp_path: Path) -> None:
    assert "no labels that fit its outputs" in _Page(build_page(_foreign(tmp_path, None))).text


def test_commands_are_those_that_work_for_this_build(tmp_path: Path) -> None:
    layout = _foreign(tmp_path / "build", None)
    package = f"PACKAGE=build/{layout.stage('package').relative_to(layout.root)}"
    assert f"make measure BOARD=host MODEL=net {package}" in build_page(layout)
    assert "make run" not in build_page(layout)
    write_newest(layout.latest, layout.request)
    assert "<code>make measure BOARD=host MODEL=net</code>" in build_page(layout)


def test_a_measurement_of_time_alone_is_called_that(layout: Layout) -> None:
    lost = [{"name": "ina", "scope": "rail", "why": "Input/output error", "needed": False}]
    result = measurement(status="unavailable", energy=None, unreadable=lost)
    write_json(layout.board_dir / "measurements" / "a.json", result)
    text = _Page(build_page(layout)).text
    assert "time only, energy unavailable" in text and "not read: ina: Input/output error" in text


def test_an_altered_build_is_named_and_the_others_are_shown(layout: Layout) -> None:
    other = fabricate(layout.root, Request("icebreaker", "cqmlp"))
    path = other.stage("package") / "manifest.json"
    path.write_text(path.read_text().replace("icebreaker", "icebraker"))
    text = _Page(write_overview(layout.root).read_text()).text
    assert "ULX3S" in text
    assert "manifest.json: was altered after packing" in text


@pytest.mark.parametrize(
    ("estimate", "words"),
    [({"of": "chip"}, "core and host link"), ({"of": "core"}, "the core alone"), ({}, "the core alone")],
)
def test_an_estimate_names_what_it_is_of(layout: Layout, estimate: dict[str, str], words: str) -> None:
    manifest = json.loads((layout.stage("package") / "manifest.json").read_text())
    write_manifest(layout.stage("package"), {**manifest, "estimate": {"kind": "estimated", "lut": 900, **estimate}})
    assert f"estimated, {words}" in _Page(build_page(layout)).text


def test_a_core_of_units_is_drawn_with_its_fifos(layout: Layout) -> None:
    record = read_record(layout, "fold")
    stages = [
        StageFolding(tensor=name, shape=(4, 2), bits=3, option="PE 2", cycles=c, lut=9, ff=9, bram=0, dsp=0)
        for name, c in (("conv_sums", 40), ("conv", 20))
    ]
    fifos = [
        FifoDepth(source=source, sink=sink, bits=6, depth=depth, block=False)
        for source, sink, depth in (("input", "conv_sums", 16), ("conv_sums", "conv", 1234), ("conv", "output", 16))
    ]
    known = record.facts_as(FoldFacts)
    units = FoldedUnits(
        strategy="units", stages=tuple(stages), fifos=tuple(fifos), latency_cycles=90,
        estimate=FoldedUse(lut=18, ff=18, bram=0, dsp=0),
        small_ram="distributed",
        **{key: getattr(known.folding, key) for key in ("initiation_interval", "fps", "clock_hz", "target_fps")},
    )  # fmt: skip
    facts = FoldFacts(estimate=known.estimate, folding=units)
    write_record(layout.record("fold"), record.model_copy(update={"facts": facts}))
    manifest = json.loads((layout.stage("package") / "manifest.json").read_text())
    manifest["stages"]["fold"]["token"] = token_of(read_record(layout, "fold"))
    write_manifest(layout.stage("package"), manifest)
    text = build_page(layout)
    assert "2 stages of the core and the FIFOs between them" in text
    assert "1,234 x 6" in text
    assert "PE 2 · 40 cycles · 4x2 of 3 bits" in text


def _manifest_with(layout: Layout, **groups: Any) -> None:
    manifest = json.loads((layout.stage("package") / "manifest.json").read_text())
    write_manifest(layout.stage("package"), {**manifest, **groups})


@pytest.mark.parametrize(("classes", "drawings"), [(20, 0), (21, 1), (100, 1), (101, 0)])
def test_many_classes_are_drawn_and_more_are_told_by_pairs(layout: Layout, classes: int, drawings: int) -> None:
    matrix = (9 * np.eye(classes, dtype=int)).tolist()
    matrix[3][5] = 4
    names = [f"class {index}" for index in range(classes)]
    accuracy = {"accuracy": 0.9, "per_class": {}, "confusion": {"classes": names, "matrix": matrix}}
    figures = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "false_negative_rate": 0.0, "support": 9}
    _manifest_with(layout, accuracy={**accuracy, "per_class": dict.fromkeys(names, figures), "kind": "simulated"})
    for page in (build_page(layout), overview_page(layout.root)):
        assert page.count('<svg class="cells"') == drawings
        assert ("class 3 class 5 4 30.8 %" in _Page(page).text) == (classes > 20)


def test_the_worst_mistakes_are_shown_with_their_inputs(layout: Layout) -> None:
    layout.stage("export").mkdir(parents=True)
    logits = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    np.savez(layout.golden, x=np.eye(3, 8, dtype=np.uint8), logits=logits, truth=np.array([0, 0, 1], np.uint8))
    page = build_page(layout)
    assert "DoS, said normal vector 2" in _Page(page).text
    assert page.count("<polyline") == 2


def test_the_split_that_was_asked_for_has_its_name(layout: Layout) -> None:
    manifest = json.loads((layout.stage("package") / "manifest.json").read_text())
    assert "this network blocked" in _Page(build_page(layout)).text
    _manifest_with(layout, data={**manifest["data"], "split": "split by group 'who'"})
    assert "this network split by group 'who'" in _Page(build_page(layout)).text
