"""The row of FINN's core as estimated before there is any RTL."""

from __future__ import annotations

from flows.stages.comparing import Cycles, row
from toolchain.finn.adapter import VERSION
from toolchain.results.facts import CoreRow, MapFacts


def estimated(facts: MapFacts, note: str = "") -> list[CoreRow]:
    """FINN's own estimate, and the one that the folding was chosen by, of the map stage's facts."""
    cycles = Cycles("estimated", facts.latency_cycles, facts.initiation_interval)
    return [
        row("finn", "estimated", f"finn-plus {VERSION}", facts.finn_estimate, cycles, note),
        row("finn", "estimated", "gateweave", facts.estimate, cycles, note),
    ]
