"""The row of FINN's core as estimated before there is any RTL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.stages.comparing import Row, row
from toolchain.finn.door import VERSION


def estimated(facts: Mapping[str, Any]) -> list[Row]:
    """FINN's own estimate, and the one that the folding was chosen by, of the map stage's facts."""
    cycles = {name: facts[name] for name in ("latency_cycles", "initiation_interval")}
    cycles["cycles_kind"] = "estimated"
    return [
        row("finn", "estimated", f"finn-plus {VERSION}", facts["finn_estimate"], cycles),
        row("finn", "estimated", "gateweave", facts["estimate"], cycles),
    ]
