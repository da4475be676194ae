"""What a page says of the network itself."""

from __future__ import annotations

from dataclasses import replace

from tests.fast.toolchain.fabricated import DECISION
from toolchain.layout import Layout
from toolchain.report.page import build_page
from toolchain.report.page.deciding import decision
from toolchain.report.page.gather import gather
from toolchain.report.page.network import front


def test_where_a_network_stops_is_told_with_the_curve(layout: Layout) -> None:
    build = gather(layout)
    assert decision(build) is None and "Where the network stops" not in build_page(layout)
    told = decision(replace(build, manifest={**build.manifest, "decision": DECISION.to_json()}))

    assert told is not None and (told.decision.inputs, told.decision.most) == (100, 4000)
    assert "operations an input on average, counted" in told.curve and "built" in told.curve


def test_accuracy_against_luts_is_listed_of_a_training_with_a_budget(layout: Layout) -> None:
    assert front(gather(layout)) == [
        {"lut": "923", "f1": "0.9911", "built": "built"},
        {"lut": "2,328", "f1": "0.9944", "built": ""},
    ]
    assert "Accuracy against LUTs" in build_page(layout)
