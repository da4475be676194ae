"""Matrix products: dense layers, and convolutions behind a window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear
from toolchain.graph.types import TensorType
from toolchain.kernels import small_dots
from toolchain.kernels.bits import by_bits
from toolchain.kernels.c_text import Whole, accumulating, array_type, c_type, constant, wide_constant
from toolchain.kernels.listed import listed
from toolchain.kernels.row import Row, RowKernel, one_for_all
from toolchain.kernels.variants import BLOCK, CHOSEN, DOTS, PRODUCTS
from toolchain.kernels.ways import BITS, BYTES, LISTED, PLAIN, allowed

# Fewer inputs than that are added up sooner one by one.
_LEAST_INPUTS = 8

# Where there is no vector unit, 16 bits would only be one instruction more.
_PRODUCT = """\
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__ARM_FEATURE_MVE)
typedef int16_t product_t;
#else
typedef int32_t product_t;
#endif
"""

# Of a window whose channels are each for itself; more would make long expressions.
_FEW_TAPS = 49


def sums_of(op: Linear, x: Row) -> Whole:
    """The dtype in which no partial sum overflows."""
    return accumulating(int(op.largest_sum(x.type.magnitude)))


def kernel(op: Linear, name: str, xs: tuple[Row, ...], y: Row, way: str | None = None) -> RowKernel:
    """Each output a dot product; where each channel is for itself, tap by tap, all channels at once."""
    (x,) = xs
    inner = len(op.weights) // op.taps
    if op.groups > 1 and inner == 1 and y.dtype == sums_of(op, x):
        return _tap_by_tap(op, name, x, y)
    return _by_outputs(op, name, x, y, inner, allowed(op, way))


def _bias(op: Linear, name: str, constants: list[str]) -> str:
    if one_for_all(op.bias):
        return str(int(op.bias[0]))
    constants.append(constant(f"{name}_bias", op.bias))
    return f"{name}_bias[c]"


def _tap_by_tap(op: Linear, name: str, x: Row, y: Row) -> RowKernel:
    constants = [constant(f"{name}_weights", op.weights)]
    each, product = op.outputs // op.groups, _product(op, x, y)
    channel = "c" if each == 1 else f"c / {each}"

    def term(tap: str) -> str:
        weight = f"{name}_weights[{tap} * {op.outputs} + c]"
        return f"({product})(x0[{tap} * {op.groups} + {channel}] * {weight})"

    start = f"y[c] = {_bias(op, name, constants)}"
    if op.taps <= _FEW_TAPS:
        # All taps in one expression: sums need no memory on the way.
        terms = [f"        + {term(str(tap))}" for tap in range(op.taps)]
        body = (f"for (int c = 0; c < {op.outputs}; c++)", f"    {start}", *terms[:-1], f"{terms[-1]};")
    else:
        body = (
            f"for (int c = 0; c < {op.outputs}; c++)",
            f"    {start};",
            f"for (int t = 0; t < {op.taps}; t++)",
            f"    for (int c = 0; c < {op.outputs}; c++)",
            f"        y[c] += {term('t')};",
        )
    return RowKernel(body, tuple(constants), (_PRODUCT,) if product == "product_t" else ())


def _product(op: Linear, x: Row, y: Row) -> str:
    """The type of a product: of bytes a vector unit multiplies more at once in 16 bits."""
    reach = x.reach * int(np.abs(op.weights).max())
    narrow = reach < 2**15 and x.dtype.itemsize == 1 and array_type(op.weights) in ("int8_t", "uint8_t")
    return "product_t" if narrow else y.c


def _by_outputs(op: Linear, name: str, x: Row, y: Row, inner: int, ways: tuple[str, ...]) -> RowKernel:
    """Weights lie output by output, and of each in the order of the inputs."""
    biases: list[str] = []
    bias = _bias(op, name, biases)
    few = listed(op, name, x, y, bias) if LISTED in ways else None
    if few and ways[0] == LISTED:
        return RowKernel(few.body, (*biases, *few.constants), few.helpers, way=LISTED)
    weights = constant(f"{name}_weights", np.ascontiguousarray(op.weights.T))
    body = _one_by_one(op, name, x, y, inner, bias)
    if small := op.groups == 1 and _bytes_alone(op, x) and y.dtype == np.int32:
        body = small_dots.chosen(x.c, len(op.weights), op.outputs, f"{name}_weights", bias, body)
    if few:
        # Without products of many bytes an instruction, zeros are time.
        body = (f"#if {few.unasked}", *few.body, "#else", *body, "#endif")
        weights = "".join((f"#if {few.unasked}\n", *few.constants, "#else\n", weights, "#endif\n"))
    constants = [*biases, weights]
    quick = dots = _by_bytes(op, name, x, y, constants) if BYTES in ways else ()
    counted = by_bits(op, name, x, y) if BITS in ways else None
    if counted:
        constants, quick = [*constants, *counted.constants], (*counted.at_once, *quick)
    helpers = (
        *(counted.helpers if counted else ()),
        *((CHOSEN, PRODUCTS, DOTS) if dots else ()),
        *((small_dots.DOT,) if small or few else ()),
        *(few.helpers if few else ()),
    )
    way = BITS if counted else BYTES if dots else PLAIN
    return RowKernel(body, tuple(constants), helpers, quick, way)


def _one_by_one(op: Linear, name: str, x: Row, y: Row, inner: int, bias: str) -> tuple[str, ...]:
    """One product after the other."""
    total, each = c_type(sums_of(op, x)), op.outputs // op.groups
    head = (
        f"for (int c = 0; c < {op.outputs}; c++) {{",
        f"    const {array_type(op.weights)} *weights = {name}_weights + (size_t)c * {len(op.weights)};",
        f"    {total} sum = {bias};",
    )
    if op.groups == 1:
        sums: tuple[str, ...] = (
            f"    for (int i = 0; i < {len(op.weights)}; i++)",
            f"        sum += ({total})x0[i] * weights[i];",
        )
    else:
        own = f"t * {inner * op.groups} + c / {each} * {inner} + i"
        sums = (
            f"    for (int t = 0; t < {op.taps}; t++)",
            f"        for (int i = 0; i < {inner}; i++)",
            f"            sum += ({total})x0[{own}] * weights[t * {inner} + i];",
        )
    return (*head, *sums, f"    y[c] = ({y.c})sum;", "}")


def _bytes_alone(op: Linear, x: Row) -> bool:
    return x.c in ("int8_t", "uint8_t") and array_type(op.weights) == "int8_t"


def _by_bytes(op: Linear, name: str, x: Row, y: Row, constants: list[str]) -> tuple[str, ...]:
    """All rows at once by products of bytes, in builds that have those; nothing where something is wider.

    Where both sides must have a sign, or one must not, inputs are counted from 128 away; what that adds is taken off
    where the sums begin.
    """
    if op.groups > 1 or not _bytes_alone(op, x) or y.dtype != np.int32 or len(op.weights) < _LEAST_INPUTS:
        return ()
    flip, start = flip_of(x.type), f"{name}_start"
    constants += [
        "#ifdef MODEL_DOTS\n",
        constant(f"{name}_blocks", blocks_of(op.weights)),
        starts(start, op.bias, 128 * op.weights.sum(axis=0), flip),
        "#endif\n",
    ]
    sizes = f"{len(op.weights)}, {flip}, {narrow(op.weights)}, {op.outputs}"
    return (
        "#ifdef MODEL_DOTS",
        f"dots((const uint8_t *)x0, {x.size}, rows, {name}_blocks, {start}, {sizes}, y);",
        "return;",
        "#endif",
    )


def flip_of(x: TensorType) -> str:
    """What turns its bytes into those that a product takes: nothing where they are such without a sign and with one."""
    if x.low.min() < 0:
        return "MODEL_SIGNED"
    return "0" if x.high.max() < 128 else "MODEL_UNSIGNED"


def narrow(weights: NDArray[np.int64]) -> int:
    """Whether 16 bits hold two products of these and bytes with a sign."""
    return int(np.abs(weights).max() < 128)


def starts(name: str, bias: NDArray[np.int64], moved: NDArray[np.int64], flip: str) -> str:
    """Where sums begin: without what flipped bytes add, which is `moved` more or less."""
    plain = wide_constant(name, padded(bias))
    if flip == "0":
        return plain
    build, away = ("MODEL_VNNI", bias - moved) if flip == "MODEL_SIGNED" else ("MODEL_NEON", bias + moved)
    return f"#ifdef {build}\n{wide_constant(name, padded(away))}#else\n{plain}#endif\n"


def blocks_of(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weights of shape (inputs, outputs) as `variants.DOTS` takes them."""
    inputs, outputs = weights.shape
    whole = np.pad(weights, ((0, -inputs % 4), (0, -outputs % BLOCK)))
    return whole.reshape(-1, 4, whole.shape[1] // BLOCK, BLOCK).transpose(2, 0, 3, 1)


def padded(start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where sums begin, for whole blocks of outputs."""
    return np.pad(start, (0, -len(start) % BLOCK))
