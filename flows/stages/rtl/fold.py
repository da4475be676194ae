"""fold: parallelism of each layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import design_of
from flows.stages.rtl.shell import shell_of


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    facts, words = design_of(context).fold(context, shell_of(context.board).cost)
    return Outcome(words, facts=facts)
