"""The greatest of a window: what it becomes. Sums of windows are products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.graph.ops import Reduce, Window
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.kinds import moves, products
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region


def reduce(maker: Maker, region: Region) -> Held:
    """The greatest of each channel's taps, or their sum."""
    op = region.core.op
    assert isinstance(op, Reduce)
    if op.kind == "sum":
        return products.product(maker, region)
    (name,) = region.inputs
    held = maker.ordered(name)
    if held.unit < 0:
        held = maker.values(name)
    return _of_window(maker, region, held) if region.window is not None else _of_channels(maker, region, held, op)


def _of_channels(maker: Maker, region: Region, held: Held, op: Reduce) -> Held:
    """Taps that lie among the channels: an axis of their own for a moment."""
    return _greatest(maker, held, op.taps, maker.type(region.name).shape, region.name)


def _greatest(maker: Maker, held: Held, taps: int, shape: tuple[int, ...], hint: str) -> Held:
    """The greatest of taps that lie among the channels."""
    if held.codes:
        held = replace(held, name=maker.cast(held.name, held.kind, maker.style.real), kind=maker.style.real)
    apart = maker.constant(np.array([0, taps, shape[-1], *shape[:-1]], np.int64), f"{hint}_taps")
    current = maker.add("Reshape", [held.name, apart], f"{hint}_apart")
    axes = {"axes": [1]} if maker.opset < 18 else {}
    parts = [current] if axes else [current, maker.constant(np.array([1], np.int64), "axes")]
    return replace(held, name=maker.add("ReduceMax", parts, f"{hint}_max", keepdims=0, **axes))


def _of_window(maker: Maker, region: Region, held: Held) -> Held:
    view, (name,) = region.window, region.inputs
    assert view is not None
    if not _never_wins(maker, name, view):
        # A Pad before a MaxPool would be taken into it, with other values.
        taps = moves.taps(maker, name, held, view, region.name)
        return _greatest(maker, taps, view.taps, maker.type(region.name).shape, region.name)
    words = {"strides": list(view.stride), "dilations": list(view.dilation), "pads": [*view.before, *view.after]}
    current = maker.add("MaxPool", [held.name], f"{region.name}_max", kernel_shape=list(view.kernel), **words)
    return replace(held, name=current)


def _never_wins(maker: Maker, name: str, view: Window) -> bool:
    """Whether padding makes no difference: no value is below it, and no window lies in it alone."""
    kind = maker.type(name)
    inside = all(
        max(b, a) < min((k - 1) * d + 1, k) and (d == 1 or not (b or a))
        for b, a, k, d in zip(view.before, view.after, view.kernel, view.dilation, strict=True)
    )
    return inside and view.fill <= int(kind.low.min())
