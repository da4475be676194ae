"""What a page says of the network itself."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fast.toolchain.fabricated import ACCOUNT, DECISION
from toolchain.device.checksums import write_manifest
from toolchain.layout import Layout
from toolchain.report.page import build_page
from toolchain.report.page.deciding import decision
from toolchain.report.page.gather import Result, gather
from toolchain.report.page.network import front
from toolchain.results.account import Account
from toolchain.results.facts.decision import Beside, Decision


def test_where_a_network_stops_is_told_with_the_curve(layout: Layout) -> None:
    build = gather(layout)
    assert decision(build) is None and "Where the network stops" not in build_page(layout)
    said = {**build.manifest, "decision": DECISION.to_json(), "account": ACCOUNT.to_json()}
    told = decision(replace(build, manifest=said))

    assert told is not None and (told.decision.inputs, told.decision.most) == (100, 4000)
    counted, estimated = told.curves
    assert "operations an input on average, counted" in counted and "built" in counted
    assert "switched bits an input on average, estimated" in estimated and "built" in estimated
    assert [row[0] for row in told.rows] == ["stage 1", "stage 2", "an input"]
    assert told.counted == ()
    assert told.measured.kind is None and "clock tree and leakage" in told.energy.lower()


def test_stages_that_were_counted_on_the_device_are_shown(layout: Layout) -> None:
    decisions = {"kind": "simulated", "answered": [95, 5], "compared": 100, "equal": 99}
    run = Result("run", {"decisions": decisions, "bench": {"decisions": decisions}}, None)
    proven = {"compared": 10, "decisions": {"answered": [9, 1], "equal": 10}}
    measured = Result("measured", {"latency": {"kind": "emulated"}, "proven": proven}, None)
    said = {"decision": DECISION.to_json(), "account": ACCOUNT.to_json()}
    told = decision(replace(gather(layout), manifest=said, runs=[run], measurements=[measured]))

    assert told is not None and [(one.by, one.shares, one.equal, one.kind) for one in told.counted] == [
        ("run", "95.0 %, 5.0 %", "99 of 100", "simulated"),
        ("bench of the run", "95.0 %, 5.0 %", "99 of 100", "simulated"),
        ("measure, before it", "90.0 %, 10.0 %", "10 of 10", "emulated"),
    ]


def test_the_page_has_stages_and_widths_with_what_they_take_and_the_network_beside(layout: Layout) -> None:
    beside = DECISION.model_copy(update={"beside": Beside(model="litecnn", recipe="mnist")})
    page = _page_with(layout, beside, ACCOUNT)
    assert "Where the network stops" in page and "What an answer takes" in page
    assert '<td class="n">5,000</td>' in page
    assert "make build BOARD=ulx3s MODEL=litecnn RECIPE=mnist STRATEGY=folded" in page

    ways = tuple(way.model_copy(update={"share": None, "name": "width"}) for way in ACCOUNT.ways)
    widths = DECISION.model_copy(update={"widths": (50, 100), "thresholds": (1,)})
    page = _page_with(layout, widths, Account.of(ways))
    assert "<h3>Widths</h3>" in page and "Where the network stops" not in page
    assert "Beside a single larger network" not in page


def _page_with(layout: Layout, decision: Decision, account: Account) -> str:
    folder = layout.stage("package")
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, {**manifest, "decision": decision.to_json(), "account": account.to_json()})
    return build_page(layout)


def test_a_processor_has_no_estimate_of_energy(layout: Layout) -> None:
    build = gather(layout)
    ways = tuple(way.model_copy(update={"work": None, "cycles": None}) for way in ACCOUNT.ways)
    said = {**build.manifest, "decision": DECISION.to_json(), "account": Account.of(ways).to_json()}
    told = decision(replace(build, manifest=said))

    assert told is not None and (len(told.curves), told.rows) == (1, ())
    assert "nor is it estimated" in told.energy


def test_accuracy_against_luts_is_listed_of_a_training_with_a_budget(layout: Layout) -> None:
    assert front(gather(layout)) == [
        {"lut": "923", "f1": "0.9911", "built": "built"},
        {"lut": "2,328", "f1": "0.9944", "built": ""},
    ]
    assert "Accuracy against LUTs" in build_page(layout)
