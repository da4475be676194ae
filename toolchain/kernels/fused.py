"""Steps that run whole by vector instructions, beside their portable C: convolutions, and codes of their sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear, Op, Threshold, Window
from toolchain.graph.types import TensorType
from toolchain.kernels import whole
from toolchain.kernels.c_text import array_type, c_type, stored, typed_constant, wide_constant
from toolchain.kernels.nodes.linear import blocks_of, flip_of, narrow, starts, sums_of
from toolchain.kernels.reading import Reading
from toolchain.kernels.registers import SCALED
from toolchain.kernels.row import Row
from toolchain.kernels.scaling import Scaling, guarded, scale_arrays, scale_of_either, scale_text, scaling
from toolchain.kernels.variants import BLOCK, CHOSEN, PRODUCTS

# Weights of a depthwise convolution are repeated until they fill registers: at most so many channels long.
_LONGEST_PERIOD = 4096

_BYTES = ("int8_t", "uint8_t")


@dataclass(frozen=True)
class Fused:
    """The first nodes of a step, all rows at once.

    Attributes:
        nodes: how many of them.
        constants, helpers: definitions that stand before it.
        space: bytes of the work space that it needs for itself.
        opened: lines before the rows; of the tensor it takes, the place of those bytes, and what it fills, in C.
        rows: lines that make `rows` rows from `p` on, of where they go in C; None where `opened` makes all.
    """

    nodes: int
    constants: str
    helpers: tuple[str, ...]
    space: int
    opened: Callable[[str, str, str], Sequence[str]]
    rows: Callable[[str], Sequence[str]] | None = None


@dataclass(frozen=True)
class _Product:
    """A matrix product, the window before it and the scaling behind it.

    Attributes:
        x: what the window takes; sums: what the product makes.
        flip: in C, what turns bytes into those that products take.
        name: begins the names of constants.
    """

    op: Linear
    window: Window | None
    scale: Scaling | None
    x: TensorType
    sums: TensorType
    flip: str
    name: str

    @property
    def nodes(self) -> int:
        """Nodes that these are."""
        return 1 + (self.window is not None) + (self.scale is not None)

    @property
    def moved(self) -> NDArray[np.int64]:
        """What sums get more where bytes are moved by 128."""
        more: NDArray[np.int64] = 128 * self.op.weights.sum(axis=0)
        return more


def fused(nodes: Sequence[Op], x: TensorType, types: Sequence[TensorType], name: str) -> Fused | None:
    """What vector instructions make of a step's first nodes; None where that is none of it.

    Args:
        x: what the step takes; types: what each node makes.
        name: begins the names of constants.
    """
    product = _product(nodes, x, types, name)
    if product is None:
        return None
    if product.op.groups == 1:
        kept = product.scale is not None or product.nodes < len(nodes) or stored(product.sums) == np.int32
        return _layer(product) if kept else None
    first = _depthwise(product)
    return _followed(first, nodes, types, name) if first and first.nodes < len(nodes) else first


def _product(nodes: Sequence[Op], x: TensorType, types: Sequence[TensorType], name: str) -> _Product | None:
    window = nodes[0] if isinstance(nodes[0], Window) else None
    place = 0 if window is None else 1
    if len(nodes) <= place or not isinstance(op := nodes[place], Linear):
        return None
    into = types[0] if window else x
    row = Row(into, stored(into))
    bytes_alone = row.c in _BYTES and row.dtype == stored(x) and array_type(op.weights) == "int8_t"
    if not bytes_alone or sums_of(op, row) != np.int32:
        return None
    scale = _scale(nodes[place + 1 :], types[place], types[place + 1 :])
    return _Product(op, window, scale, x, types[place], flip_of(into), name)


def _scale(nodes: Sequence[Op], sums: TensorType, types: Sequence[TensorType]) -> Scaling | None:
    if not nodes or not isinstance(nodes[0], Threshold) or c_type(stored(types[0])) not in _BYTES:
        return None
    return scaling(nodes[0], sums.channels, int(sums.magnitude.max()))


def _layer(product: _Product) -> Fused | None:
    """Outputs that see all channels."""
    reading = _windows(product)
    if reading is None or math.prod(reading.positions) == 1:
        return None
    name, positions = product.name, math.prod(reading.positions)
    constants = [*_layer_constants(product, reading), _function(name, positions)]

    def rows(target: str) -> Sequence[str]:
        return (
            f"const uint8_t *at[{whole.POSITIONS}];",
            *reading.windows(whole.POSITIONS),
            f"{name}_rows(at, rows, {target});",
        )

    helpers = (CHOSEN, PRODUCTS, SCALED, *([whole.BORDERED] if reading.copied else []), whole.LAYER)
    return Fused(
        product.nodes,
        guarded(constants),
        helpers,
        reading.copy_bytes,
        lambda x, place, y: reading.opened(x, place),
        rows,
    )


def _windows(product: _Product) -> Reading | None:
    """Lines of windows that are read by fours of bytes; None where they do not lie so."""
    x, window = product.x, product.window
    if window is None:
        count = math.prod(x.shape[:-1])
        flat = TensorType((count, x.channels), x.low, x.high, x.step)
        one = Window((1,), (1,), (0,), (0,), (1,))
        return Reading(flat, one, (count,), copied=False, flip="0") if x.channels % 4 == 0 else None
    if window.kernel[-1] > 1 and window.dilation[-1] > 1:
        return None
    copied = window.padded or window.kernel[-1] * x.channels % 4 > 0
    return Reading(x, window, product.sums.shape[:-1], copied, product.flip)


def _layer_constants(product: _Product, reading: Reading) -> list[str]:
    op, name, words = product.op, product.name, -(-reading.across // 4)
    lines = op.weights.reshape(reading.tall, reading.across, op.outputs)
    weights = np.pad(lines, ((0, 0), (0, 4 * words - reading.across), (0, 0))).reshape(-1, op.outputs)
    places = (np.arange(reading.tall)[:, None] * reading.gap + 4 * np.arange(words)).reshape(-1)
    scale: list[str] = []
    if product.scale:
        lanes = np.minimum(np.arange(-(-op.outputs // BLOCK) * BLOCK), op.outputs - 1)
        scale = scale_of_either(product.scale, lanes, name)
    flip = f"MODEL_STILL({product.flip})" if reading.copied else product.flip
    # Three are read as four: behind a copy is room.
    side = 3 if words == 3 and reading.copied else math.gcd(words, 4)
    sizes = f"{len(places)}, {side}, {narrow(op.weights)}"
    parts = f"{sizes}, {name}_places, {flip}, {op.outputs}, {name}_blocks, {name}_start"
    return [
        typed_constant("int32_t", f"{name}_places", places),
        typed_constant("MODEL_WEIGHT", f"{name}_blocks", blocks_of(weights)),
        starts(f"{name}_start", op.bias, product.moved, product.flip),
        *scale,
        f"static const Layer {name}_layer = {{{parts}, {f'&{name}_scale' if scale else '0'}}};\n",
    ]


def _function(name: str, positions: int) -> str:
    """The layer for 8 rows at once, and for those that are left."""
    most = whole.POSITIONS
    counts = [count for count in (most if positions >= most else 0, positions % most) if count]
    cases = "".join(
        f"    if (rows == {count})\n        layer_rows(&{name}_layer, at, y, {count});\n" for count in counts
    )
    return f"static void {name}_rows(const uint8_t *const *at, int rows, void *y)\n{{\n{cases}}}\n"


def _depthwise(product: _Product) -> Fused | None:
    """Each channel for itself."""
    op, x, window, scale, name = product.op, product.x, product.window, product.scale, product.name
    if window is None or scale is None or not op.groups == op.outputs == x.channels:
        return None
    if math.lcm(x.channels, _LANES[0].wide) > _LONGEST_PERIOD or (window.stride[-1] > 1 and x.channels % BLOCK):
        return None
    reading = Reading(x, window, product.sums.shape[:-1], copied=True, flip=product.flip)
    constants = "".join(_depthwise_constants(product, reading, scale, lanes) for lanes in _LANES)
    helpers = (CHOSEN, PRODUCTS, SCALED, whole.BORDERED, whole.DEPTHWISE)
    line = f"from + (size_t)line * {reading.line_step}"

    def opened(given: str, place: str, y: str) -> Sequence[str]:
        target = f"(int8_t *){y} + (size_t)line * {reading.wide * x.channels}"
        return (
            *reading.opened(given, place),
            f"for (int line = 0; line < {reading.lines}; line++)",
            f"    {name}_line({line}, {target});",
        )

    function = f"static void {name}_line(const uint8_t *x, int8_t *y)\n{{\n    depthwise(&{name}_layer, x, y);\n}}\n"
    return Fused(product.nodes, constants + guarded([function]), helpers, reading.copy_bytes, opened)


def _depthwise_constants(product: _Product, reading: Reading, scale: Scaling, build: _Lanes) -> str:
    """As one build takes them."""
    op, name, channels = product.op, product.name, reading.x.channels
    period, groups = math.lcm(channels, build.wide), -(-op.taps // build.group)
    lanes = (build.standing + np.arange(0, period, build.wide)[:, None]).reshape(-1) % channels
    more = build.group * groups - op.taps
    weights = np.pad(op.weights, ((0, more), (0, 0)))[:, lanes].reshape(groups, build.group, -1, build.wide)
    pieces = [] if reading.step == channels else [typed_constant("int32_t", f"{name}_pieces", reading.pieces())]
    sizes = f"{reading.wide * channels}, {period}, {groups}, {narrow(op.weights)}"
    parts = f"{sizes}, MODEL_STILL({product.flip}), {name}_taps, {f'{name}_pieces' if pieces else '0'}"
    parts += f", {name}_weights, {name}_start, {scale_text(scale, name)}"
    constants = (
        typed_constant(build.weight, f"{name}_weights", weights.transpose(2, 0, 3, 1)),
        wide_constant(f"{name}_start", (op.bias + build.moves.get(product.flip, 0) * product.moved)[lanes]),
        typed_constant("int32_t", f"{name}_taps", np.pad(reading.taps(), (0, more))),
        *scale_arrays(scale, lanes, name, arm=build.define == "MODEL_NEON"),
        *pieces,
        f"static const Depthwise {name}_layer = {{{parts}}};\n",
    )
    return f"#ifdef {build.define}\n{''.join(constants)}#endif\n"


@dataclass(frozen=True)
class _Lanes:
    """How a build goes through the channels of a depthwise convolution.

    Attributes:
        define: the build.
        wide: channels at once.
        group: taps that lie side by side.
        weight: the C type of a weight.
        standing: which of the channels comes to stand in each lane.
        moves: by how bytes are flipped, whether what that adds is taken off (-1) or added.
    """

    define: str
    wide: int
    group: int
    weight: str
    standing: NDArray[np.int64]
    moves: Mapping[str, int]


def _by_fours() -> NDArray[np.int64]:
    """Of 64 bytes in four registers, when four taps are laid side by side."""
    register, lane = np.divmod(np.arange(64, dtype=np.int64), BLOCK)
    byte: NDArray[np.int64] = lane // 4 * BLOCK + 4 * register + lane % 4
    return byte


# AVX2 lays two taps of 16 bits side by side within either half of a register.
_LANES = (
    _Lanes("MODEL_VNNI", 64, 4, "int8_t", _by_fours(), {"MODEL_SIGNED": -1}),
    _Lanes("MODEL_AVX2", 16, 2, "int16_t", np.r_[0:4, 8:12, 4:8, 12:16], {}),
    _Lanes("MODEL_NEON", 16, 1, "int8_t", np.arange(16), {"MODEL_UNSIGNED": 1}),
)


def _followed(first: Fused, nodes: Sequence[Op], types: Sequence[TensorType], name: str) -> Fused | None:
    """A depthwise convolution, whose result lies in the work space, and the product behind it."""
    made = types[first.nodes - 1]
    rest = fused(nodes[first.nodes :], made, types[first.nodes :], f"{name}b")
    if rest is None or rest.rows is None:
        return None
    kind, inner = c_type(stored(made)), first.space + made.size

    def opened(x: str, place: str, y: str) -> Sequence[str]:
        return (
            f"{kind} *const whole = ({kind} *)({place} + {first.space});",
            "{",
            *(f"    {line}" for line in first.opened(x, place, "whole")),
            "}",
            *rest.opened("whole", f"{place} + {inner}", y),
        )

    helpers = tuple(dict.fromkeys((*first.helpers, *rest.helpers)))
    constants = first.constants + rest.constants
    return Fused(first.nodes + rest.nodes, constants, helpers, inner + rest.space, opened, rest.rows)
