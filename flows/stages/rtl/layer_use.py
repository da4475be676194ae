"""What each layer of a core is estimated to take, in one form for both kinds of core."""

from __future__ import annotations

from collections.abc import Mapping

from hls.cost import layer_cost
from hls.fold import Choice
from hls.fold_graph import Sized
from hls.graph_core import Fitted
from hls.memories import Resources
from hls.unrolled.estimate import UnrolledUse
from toolchain.graph.ops.linear import Linear
from toolchain.results.checked import LayerUse


def of_units(fitted: Fitted) -> tuple[LayerUse, ...]:
    """Of units: what stands between two layers belongs to the first; before all, to the layer behind it."""
    parts: list[dict[str, Sized]] = [{}]
    for tensor, sized in fitted.folded.chosen.items():
        if _is_layer(fitted, tensor) and any(_is_layer(fitted, name) for name in parts[-1]):
            parts.append({})
        parts[-1][tensor] = sized
    return tuple(_of_part(fitted, part) for part in parts if any(_is_layer(fitted, name) for name in part))


def _is_layer(fitted: Fitted, tensor: str) -> bool:
    return isinstance(fitted.graph[tensor].op, Linear)


def _of_part(fitted: Fitted, part: Mapping[str, Sized]) -> LayerUse:
    name = next(tensor for tensor in part if _is_layer(fitted, tensor))
    whole = sum((sized.resources for sized in part.values()), Resources())
    return LayerUse(
        name=name,
        option=part[name].option.name,
        cycles=max(sized.option.cycles for sized in part.values()),
        lut=round(whole.lut),
        bram=whole.blocks,
        dsp=whole.dsp,
    )


def of_dense(choice: Choice) -> tuple[LayerUse, ...]:
    """Of a folded chain of dense layers, which are all multiplied in LUTs."""
    costs = [(plan, layer_cost(plan, choice.memories)) for plan in choice.plans]
    return tuple(
        LayerUse(
            name=plan.arithmetic.layer.name,
            option=f"PE {plan.pe}, SIMD {plan.simd}",
            cycles=plan.cycles,
            lut=round(cost.lut),
            bram=cost.blocks,
            dsp=0,
        )
        for plan, cost in costs
    )


def of_unrolled(uses: Mapping[str, UnrolledUse]) -> tuple[LayerUse, ...]:
    """Of an unrolled chain, by what each layer takes."""
    return tuple(
        LayerUse(name=name, option=_unrolled(use), cycles=1, lut=use.lut, bram=use.blocks, dsp=0)
        for name, use in uses.items()
    )


def _unrolled(use: UnrolledUse) -> str:
    return f"unrolled, {use.tables} neurons in block RAM" if use.tables else "unrolled"
