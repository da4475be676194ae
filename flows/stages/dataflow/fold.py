"""fold: parallelism per layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.folding import fold
from hls.axi_chip import LINK_KBIT, LINK_LUT


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    return fold(context, LINK_LUT, LINK_KBIT)
