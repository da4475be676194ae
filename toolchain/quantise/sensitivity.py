"""What the few bits of each layer cost: the network at 8 bits, but for one layer at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from toolchain.progress import Progress
from toolchain.quantise.search import Found, Search
from toolchain.quantise.setting import MOST_BITS, Bits, Setting
from toolchain.results.quantised import QuantisedLayer

_WIDE = Bits(MOST_BITS, MOST_BITS)


@dataclass(frozen=True)
class Cost:
    """What a layer's bits cost.

    Attributes:
        points: hundredths of the share of right answers.
        divergence: from the float network, in nats.
    """

    points: float
    divergence: float


def costs(
    search: Search, chosen: Found, share: Callable[[torch.nn.Module], float], layers: Sequence[str], progress: Progress
) -> dict[str, Cost]:
    """The cost of each layer; none where all have 8 bits.

    Args:
        share: of right answers, 0 to 1.
    """
    setting, way = chosen.setting, chosen.way
    wide = Setting(_WIDE, setting.scale_bits)
    narrow = [layer for layer in layers if setting.of(layer) != _WIDE]
    if not narrow:
        return {}
    progress(f"all layers at {_WIDE}")
    base = search.one(wide, way)
    found: dict[str, Cost] = {}
    for layer in narrow:
        progress(f"{layer} alone at {setting.of(layer)}")
        one = search.one(wide.but(layer, setting.of(layer)), way)
        points = 100 * (share(base.network) - share(one.network))
        found[layer] = Cost(points, one.divergence - base.divergence)
    return found


def with_costs(layers: Sequence[QuantisedLayer], found: dict[str, Cost]) -> tuple[QuantisedLayer, ...]:
    """The layers with what they cost."""
    return tuple(
        layer.model_copy(update={"cost": found[layer.name].points, "divergence": found[layer.name].divergence})
        if layer.name in found
        else layer
        for layer in layers
    )


def costliest(found: dict[str, Cost]) -> str | None:
    """The layer that adds most to the divergence; None where none adds to it."""
    name = max(found, key=lambda layer: found[layer].divergence, default=None)
    return name if name is not None and found[name].divergence > 0 else None
