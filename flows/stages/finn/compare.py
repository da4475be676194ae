"""compare: FINN's core and both of ours side by side."""

from __future__ import annotations

from flows.stages.comparing import own_rows, row, side_by_side, simulated
from flows.stages.context import Context, Outcome
from flows.stages.finn.estimate import estimated
from toolchain.layout import COMPARED
from toolchain.results.facts import AmdSynthesiseFacts, CoreRow, MapFacts, SimulateFacts


def run(context: Context) -> Outcome:
    """Write `comparison.json`."""
    rows = [one for strategy in COMPARED for one in own_rows(context, strategy)]
    rows += [*estimated(context.facts("map", MapFacts)), _synthesised(context)]
    return side_by_side(context, rows)


def _synthesised(context: Context) -> CoreRow:
    mapped = context.record("synthesise")
    tool = ", ".join(f"{name} {version}" for name, version in mapped.tools.items())
    cycles = simulated(context.facts("simulate", SimulateFacts))
    return row("finn", "synthesised", tool, mapped.facts_as(AmdSynthesiseFacts).resources, cycles)
