"""fold: parallelism of each layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.rtl.folding import fold_as, told
from flows.stages.rtl.shell import shell_of
from toolchain.files import write_json
from toolchain.results.facts import FoldFacts


def run(context: Context) -> Outcome:
    """Write `folding.json`. The estimate is of core and host link, as what is synthesised and routed is."""
    link = shell_of(context.board).cost
    folding = fold_as(context, context.request.strategy, link)
    write_json(context.out / "folding.json", folding.to_json())
    whole = link.with_core(folding.estimate, context.fpga_board.fpga.bram_kbit)
    facts = FoldFacts.model_validate({"estimate": {"of": "chip", **whole}, "folding": folding.to_json()})
    missed = context.request.fps is None and folding.target_fps is None
    return Outcome(told(folding, context.fpga_board.target.fps if missed else None), facts=facts)
