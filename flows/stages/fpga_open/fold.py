"""fold: parallelism per layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.folding import fold
from hls.chip import LINK_COST


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    return fold(context, LINK_COST)
