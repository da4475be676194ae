"""The table of what FINN takes names every kind of node, and says of the right ones that they are refused."""

from __future__ import annotations

import re

from toolchain.finn.lowering import NO_LAYER
from toolchain.graph import ops
from toolchain.layout import ROOT


def test_the_table_of_what_finn_takes_is_whole() -> None:
    text = (ROOT / "docs" / "amd.md").read_text()
    rows = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| [A-Z]\w+[ ,]", line)]
    table = [(set(re.findall(r"\b[A-Z]\w+", row[0])), row[1].strip(), row[2].strip()) for row in rows if len(row) == 3]
    kinds = {name for name in ops.__all__ if name[0].isupper() and issubclass(getattr(ops, name), ops.Op)} - {"Op"}
    named = [names & kinds for names, _, _ in table if names & kinds]
    assert sorted(kind for names in named for kind in names) == sorted(kinds)
    refused = [names & kinds for names, layer, why in table if not layer and why == "always"]
    assert refused == [{kind.__name__ for kind in NO_LAYER}]
