"""Matrix products of weights that are mostly zero: the places of the others are listed, and only those inputs are read.

A processor without a vector unit takes about as long for each listed input as for each weight of a plain product, so
zeros are time won. Where weights have few values, each value has lists of its own, and nothing is multiplied but sums.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear
from toolchain.kernels.c_text import array_type, constant
from toolchain.kernels.row import Row

# Values besides 0 that may have lists of their own. More are listed with their weights, each of which is one more
# number to read and one to multiply.
_FEW_VALUES = 4

# The greatest share of weights besides 0, of few values and of many, whose lists are faster than a plain product:
# counted on an emulated Cortex-M0+ and RV32IMC.
_SHARE, _WEIGHTED_SHARE = 0.7, 0.5

# The same of a processor that takes two products at once, by an emulated Cortex-M4.
_DSP_SHARE, _WEIGHTED_DSP_SHARE = 0.3, 0.2

_HELPER = """\
/* The sum of the inputs that stand at the listed places{told}. */
static inline int32_t {name}(const {x} *x, const {at} *at{more}, int count)
{{
    int32_t sum = 0;
    for (; count >= 4; count -= 4, at += 4{step})
        sum += {terms};
    for (; count > 0; count--, at++{one})
        sum += {term};
    return sum;
}}
"""


@dataclass(frozen=True)
class Listed:
    """A product by lists, as C.

    Attributes:
        body: lines that make a row `y` of a row `x0`.
        constants, helpers: definitions that stand before it.
        unasked: which builds take it in the written order, as a condition of C's preprocessor.
    """

    body: tuple[str, ...]
    constants: tuple[str, ...]
    helpers: tuple[str, ...]
    unasked: str = "defined(MODEL_SCALAR)"


def listed(op: Linear, name: str, x: Row, y: Row, bias: str) -> Listed | None:
    """The product by lists; None where they would be no faster, or sums take 64 bits.

    Args:
        bias: of output `c`, in C.
    """
    share = float(np.count_nonzero(op.weights) / op.weights.size)
    if op.groups > 1 or share > _SHARE or op.largest_sum(x.type.magnitude) >= 2**31 - 1:
        return None
    values = [int(value) for value in np.unique(op.weights) if value]
    if not values:
        return None
    if len(values) <= _FEW_VALUES:
        return _unasked(_by_values(op, name, x, y, bias, values), share <= _DSP_SHARE)
    return _unasked(_weighted(op, name, x, y, bias), share <= _WEIGHTED_DSP_SHARE) if share <= _WEIGHTED_SHARE else None


def _unasked(made: Listed, dsp: bool) -> Listed:
    return replace(made, unasked=f"{made.unasked} || defined(MODEL_ARM_DSP)") if dsp else made


def _by_values(op: Linear, name: str, x: Row, y: Row, bias: str, values: list[int]) -> Listed:
    """Of each output the places of one value behind those of another."""
    places = [np.flatnonzero(column == value) for column in op.weights.T for value in values]
    at, counts, helper = _lists(places, name)
    call = f"listed_{x.c}_{helper}"
    lines = []
    for number, value in enumerate(values):
        count = f"{name}_counts[c * {len(values)} + {number}]" if len(values) > 1 else f"{name}_counts[c]"
        times = {1: "+= ", -1: "-= "}.get(value, f"+= {value} * ")
        lines += [f"    sum {times}{call}(x0, at, {count});", f"    at += {count};"]
    text = _HELPER.format(
        told="",
        name=call,
        x=x.c,
        at=helper,
        more="",
        step="",
        one="",
        terms=" + ".join(f"x[at[{i}]]" for i in range(4)),
        term="x[*at]",
    )
    return Listed(_looping(op, name, y, helper, bias, lines), (at, counts), (text,))


def _weighted(op: Linear, name: str, x: Row, y: Row, bias: str) -> Listed:
    """Of each output the places, and as many weights."""
    places = [np.flatnonzero(column) for column in op.weights.T]
    at, counts, helper = _lists(places, name)
    weights = op.weights.T[op.weights.T != 0]
    kind = array_type(weights)
    call = f"listed_{x.c}_{helper}_{kind}"
    text = _HELPER.format(
        told=", each times its weight",
        name=call,
        x=x.c,
        at=helper,
        more=f", const {kind} *weights",
        step=", weights += 4",
        one=", weights++",
        terms=" + ".join(f"x[at[{i}]] * weights[{i}]" for i in range(4)),
        term="x[*at] * *weights",
    )
    count = f"{name}_counts[c]"
    lines = [f"    sum += {call}(x0, at, {name}_others + (at - {name}_at), {count});", f"    at += {count};"]
    constants = (at, counts, constant(f"{name}_others", weights))
    return Listed(_looping(op, name, y, helper, bias, lines), constants, (text,))


def _lists(places: list[NDArray[np.int64]], name: str) -> tuple[str, str, str]:
    """Arrays of all places and of how many each list has, and the type of a place."""
    every = np.concatenate([*places, np.zeros(1, np.int64)])[: max(1, sum(map(len, places)))]
    counts = np.array([len(some) for some in places], np.int64)
    return constant(f"{name}_at", every), constant(f"{name}_counts", counts), array_type(every)


def _looping(op: Linear, name: str, y: Row, kind: str, bias: str, lines: list[str]) -> tuple[str, ...]:
    return (
        f"const {kind} *at = {name}_at;",
        f"for (int c = 0; c < {op.outputs}; c++) {{",
        f"    int32_t sum = {bias};",
        *lines,
        f"    y[c] = ({y.c})sum;",
        "}",
    )
