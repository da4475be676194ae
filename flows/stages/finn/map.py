"""map: the integer graph to FINN's hardware layers, folded for the board's budget and rate."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.finn.target import map_target
from toolchain.errors import ModelError
from toolchain.finn.adapter import VERSION
from toolchain.finn.faults import OTHER_FLOW
from toolchain.finn.mapping import Mapped, map_network


def run(context: Context) -> Outcome:
    """Write `model.onnx`, `parent.onnx`, `folding.json` and `estimates.json`."""
    facts = _mapped(context).facts
    interval, fps = facts.initiation_interval, facts.fps
    folds = " ".join(f"{layer.pe}x{layer.simd}" for layer in facts.layers if None not in (layer.pe, layer.simd))
    summary = f"PE x SIMD {folds}; one inference every {interval:,} clocks, {fps:,.0f}/s (estimated)"
    return Outcome(summary, facts=facts, tools={"finn-plus": VERSION})


def _mapped(context: Context) -> Mapped:
    """FINN's layers; where they cannot be had of a file, the error says that our own RTL may take it."""
    try:
        graph, target = files.graph(context), map_target(context)
        return map_network(graph, target, context.out, context.work / "finn", context.progress)
    except ModelError as error:
        if context.request.file is None:
            raise
        said = str(error).removesuffix(f"; {OTHER_FLOW}")
        raise ModelError(f"{context.request.file}: {said}; {OTHER_FLOW}") from error
