"""fold: parallelism of each layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.refusing import explained
from flows.stages.rtl.shell import shell_of


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    link, graph = shell_of(context.board).cost, files.graph(context)
    facts, words = explained(context, graph, lambda: choose_for(context, graph, link).fold(context, link))
    return Outcome(words, facts=facts)
