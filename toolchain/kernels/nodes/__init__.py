"""C of each node kind, one file each. To add one: a file here, and its line in `KERNELS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from toolchain.graph.ops import (
    Add,
    ArgMax,
    Chosen,
    Concat,
    Confident,
    Decide,
    Linear,
    Op,
    Reduce,
    Select,
    Softmax,
    Table,
    Threshold,
)
from toolchain.kernels.nodes import add, argmax, concat, linear, reduce, select, softmax, staged, table, threshold
from toolchain.kernels.row import RowKernel

KERNELS: Mapping[type[Op], Callable[..., RowKernel]] = {
    Add: add.kernel,
    ArgMax: argmax.kernel,
    Chosen: staged.chosen,
    Concat: concat.kernel,
    Confident: staged.confident,
    Decide: staged.decide,
    Linear: linear.kernel,
    Reduce: reduce.kernel,
    Select: select.kernel,
    Softmax: softmax.kernel,
    Table: table.kernel,
    Threshold: threshold.kernel,
}
"""Makes the function of a node that works row by row, of the node, a prefix for names, the rows that it takes and the
row that it makes; of a kind in `toolchain.kernels.ways.ORDER` also of the way that was chosen, or None.
"""
