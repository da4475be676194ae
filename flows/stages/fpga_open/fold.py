"""fold: parallelism per layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.folding import fold
from hls.chip import LINK_LUT

# Block RAM that the chip needs beside the core, for the link's buffer and the stored vectors.
LINK_KBIT = 24


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    return fold(context, LINK_LUT, LINK_KBIT)
