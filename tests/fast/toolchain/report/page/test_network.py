"""What a page says of the network itself."""

from __future__ import annotations

from dataclasses import replace

from tests.fast.toolchain.fabricated import ACCOUNT, DECISION
from toolchain.layout import Layout
from toolchain.report.page import build_page
from toolchain.report.page.deciding import decision
from toolchain.report.page.gather import gather
from toolchain.report.page.network import front
from toolchain.results.account import Account


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
    assert told.measured.kind is None and "clock tree and leakage" in told.energy.lower()


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
