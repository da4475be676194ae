"""What a page says of the network itself."""

from __future__ import annotations

from toolchain.layout import Layout
from toolchain.report.page import build_page
from toolchain.report.page.gather import gather
from toolchain.report.page.network import front


def test_accuracy_against_luts_is_listed_of_a_training_with_a_budget(layout: Layout) -> None:
    assert front(gather(layout)) == [
        {"lut": "923", "f1": "0.9911", "built": "built"},
        {"lut": "2,328", "f1": "0.9944", "built": ""},
    ]
    assert "Accuracy against LUTs" in build_page(layout)
