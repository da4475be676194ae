"""compare: FINN's core and both of ours side by side."""

from __future__ import annotations

from flows.stages.comparing import Row, own_rows, row, side_by_side
from flows.stages.context import Context, Outcome
from flows.stages.finn.estimate import estimated
from toolchain.layout import STRATEGIES


def run(context: Context) -> Outcome:
    """Write `comparison.json`."""
    rows = [one for strategy in STRATEGIES for one in own_rows(context, strategy)]
    rows += [*estimated(context.record("map").facts), _synthesised(context)]
    return side_by_side(context, rows)


def _synthesised(context: Context) -> Row:
    mapped, simulated = context.record("synthesise"), context.record("simulate")
    tool = ", ".join(f"{name} {version}" for name, version in mapped.tools.items())
    cycles = {name: simulated.facts[name] for name in ("latency_cycles", "initiation_interval")}
    return row("finn", "synthesised", tool, mapped.facts["resources"], {**cycles, "cycles_kind": "simulated"})
