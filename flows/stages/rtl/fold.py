"""fold: parallelism of each layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import choose
from flows.stages.rtl.shell import shell_of


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    link = shell_of(context.board).cost
    facts, words = choose(context, link).fold(context, link)
    return Outcome(words, facts=facts)
