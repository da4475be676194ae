"""What each node kind becomes in a made graph. A newcomer writes a function in a file here, and adds its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from toolchain.graph.ops import (
    Add,
    ArgMax,
    Chosen,
    Concat,
    Confident,
    Decide,
    Gate,
    Input,
    Linear,
    Op,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Softmax,
    Table,
    Threshold,
    Transpose,
    Window,
)
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.kinds import addition, counts, moves, pools, products, softmax, staged, tables
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region

KINDS: Mapping[type[Op], Callable[[Maker, Region], Held]] = {
    Input: moves.source,
    Window: moves.windows,
    Repeat: moves.repeat,
    Concat: moves.concat,
    Select: moves.select,
    Reshape: moves.reshape,
    Transpose: moves.transpose,
    Linear: products.product,
    Reduce: pools.reduce,
    Add: addition.addition,
    Threshold: counts.threshold,
    Table: tables.table,
    ArgMax: tables.label,
    Softmax: softmax.softmax,
    Chosen: staged.chosen,
    Confident: staged.confident,
    Gate: staged.gate,
    Decide: staged.decide,
}
"""By the class of the region's core; see `toolchain.runtime.derive.regions` for what it takes in."""
