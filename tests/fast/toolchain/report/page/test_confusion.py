"""Confusion of many classes: pairs, and one square for each count."""

from __future__ import annotations

import numpy as np

from toolchain.report.page.confusion import confusion_drawing, pairs
from toolchain.report.page.network import Confusion, confusion


def matrix() -> Confusion:
    counts = np.diag(np.full(40, 1000))
    counts[3, 5], counts[7, 1], counts[8, 2] = 12, 2000, 12
    found = confusion({"classes": [f"<{index}>" for index in range(40)], "matrix": counts.tolist()})
    assert found is not None
    return found


def test_the_most_frequent_pair_comes_first() -> None:
    assert pairs(matrix())[:2] == [("<7>", "<1>", "2,000", "66.7 %"), ("<3>", "<5>", "12", "1.2 %")]
    assert len(pairs(matrix())) == 3


def test_each_count_is_a_square_that_says_what_it_is() -> None:
    svg = str(confusion_drawing(matrix()))
    assert svg.count('class="right"') == 40
    assert svg.count('class="wrong"') == 3
    assert "<title>&lt;7&gt; said &lt;1&gt;: 2,000</title>" in svg
