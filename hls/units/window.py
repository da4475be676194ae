"""Windows of a tensor: the taps of each position, read again for each fold of the unit behind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from hls.units.stream import Stream
from hls.units.tokens import Hold, Tokens, every
from hls.units.unit import SMALL, Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.ops import Window
from toolchain.graph.types import IntType, TensorType

_SMALL_WORDS, _SMALL_BITS = 32, 1024
"""A memory up to which LUTs take less than a block RAM is worth."""

_ONE_TAP = Window((1, 1), (1, 1), (0, 0), (0, 0), (1, 1))

LATENCY = 2
"""Clocks from an operation to its push."""


@dataclass(frozen=True)
class Walk:
    """How a tensor is written and read, in words of `lanes` elements; two axes, rows of one position for one axis.

    Attributes:
        size: positions of the tensor.
        window: kernel, stride, padding and dilation of both axes.
        lanes: elements a word.
        groups: parts of a position's channels that are read one after the other.
        beats: words of a group.
        repeats: times that each group's window is read.
    """

    size: tuple[int, int]
    window: Window
    lanes: int
    groups: int
    beats: int
    repeats: int

    @property
    def padded(self) -> tuple[int, int]:
        """Positions with their padding."""
        window = self.window
        rows, columns = (n + b + a for n, b, a in zip(self.size, window.before, window.after, strict=True))
        return rows, columns

    @property
    def positions(self) -> tuple[int, int]:
        """Positions of the kernel."""
        window = self.window
        rows, columns = (
            (n - (k - 1) * d - 1) // s + 1
            for n, k, d, s in zip(self.padded, window.kernel, window.dilation, window.stride, strict=True)
        )
        return rows, columns

    @property
    def position(self) -> int:
        """Words of a position."""
        return self.groups * self.beats

    @property
    def row(self) -> int:
        """Words of a padded row."""
        return self.padded[1] * self.position

    @property
    def words(self) -> int:
        """Words of the padded tensor."""
        return self.padded[0] * self.row

    @property
    def reach(self) -> int:
        """Words from the first to the last that one position needs, both counted."""
        (ky, kx), (dy, dx) = self.window.kernel, self.window.dilation
        return (ky - 1) * dy * self.row + ((kx - 1) * dx + 1) * self.position

    @property
    def operations(self) -> int:
        """Words read."""
        return math.prod(self.positions) * self.groups * self.repeats * self.window.taps * self.beats

    @property
    def depth(self) -> int:
        """Words of the memory: what one position needs, and what can be written before the next one begins."""
        stride = self.window.stride
        ahead = (stride[0] - 1) * self.row + stride[1] * self.position
        return max(2, 1 << (self.reach + ahead - 1).bit_length())


def walk(x: TensorType, window: Window | None, lanes: int, groups: int = 1, repeats: int = 1) -> Walk:
    """The walk of a window over a tensor of one or two spatial axes; of None over all positions as they are.

    Raises:
        ModelError: the lanes do not divide a group's channels, or the groups the channels.
    """
    channels = x.channels // groups
    if x.channels % groups or channels % lanes:
        raise ModelError(f"{lanes} lanes do not divide {x.channels} channels in {groups} groups")
    rows, columns = (1, *x.shape[:-1])[-2:] if window else (1, x.size // x.channels)
    both = _two_axes(window) if window else _ONE_TAP
    return Walk((rows, columns), both, lanes, groups, channels // lanes, repeats)


def _two_axes(window: Window) -> Window:
    if len(window.kernel) == 2:
        return window
    kernel, stride, dilation = ((1, *size) for size in (window.kernel, window.stride, window.dilation))
    before, after = ((0, *size) for size in (window.before, window.after))
    return Window(kernel, stride, before, after, dilation, window.fill)


def cycles(walk: Walk, one_port: bool = False) -> int:
    """Clocks of one inference at least: one word is read and one written a clock, of a memory of one port either."""
    return walk.operations + walk.words if one_port else max(walk.operations, walk.words)


def build(
    name: str, walk: Walk, x: IntType, element: IntType, tensor: str | None = None, *, one_port: bool = False
) -> Unit:
    """The unit that reads windows of a stream of `x`; its codes are those of `element`, which holds the padding.

    Args:
        one_port: whether its memory is a large one, which is written or read in a clock.
    """
    rows, columns = walk.size
    beats = rows * columns * walk.position
    return Unit(
        name,
        "window",
        _parameters(walk, x, element, one_port),
        (Stream(x, walk.lanes, beats),),
        (Stream(element, walk.lanes, walk.operations, tensor),),
        cycles(walk, one_port),
        partial(tokens, walk, one_port),
        needs(walk, element.bits, one_port),
        uses=("padding_walk", "padding_axis", "loop_end"),
        in_one_port=None
        if _small(walk, element.bits)
        else partial(build, name, walk, x, element, tensor, one_port=True),
    )


def _parameters(walk: Walk, x: IntType, element: IntType, one_port: bool) -> dict[str, int | str]:
    window = walk.window
    both = {
        "BEFORE": window.before,
        "AFTER": window.after,
        "KERNEL": window.kernel,
        "STRIDE": window.stride,
        "DILATION": window.dilation,
    }
    return {
        "LANES": walk.lanes,
        "IN_BITS": x.bits,
        "OUT_BITS": element.bits,
        "FACTOR": x.step // element.step,
        "OFFSET": (x.low - element.low) // element.step,
        "FILL": (window.fill - element.low) // element.step if window.padded else 0,
        "ROWS": walk.size[0],
        "COLUMNS": walk.size[1],
        **{f"{name}_{axis}": size for name, pair in both.items() for axis, size in zip("YX", pair, strict=True)},
        "GROUPS": walk.groups,
        "BEATS": walk.beats,
        "REPEATS": walk.repeats,
        "DEPTH": walk.depth,
        "CAPACITY": walk.depth,
        "ONE_PORT": int(one_port),
        "RAM_STYLE": "huge" if one_port else SMALL if _small(walk, element.bits) else "block",
    }


def _small(walk: Walk, bits: int) -> bool:
    return walk.depth <= _SMALL_WORDS and walk.depth * walk.lanes * bits <= _SMALL_BITS


def tokens(walk: Walk, one_port: bool = False) -> Tokens:
    """Which word each operation reads and which it frees."""
    (oy, ox), (ky, kx) = walk.positions, walk.window.kernel
    (sy, sx), (dy, dx) = walk.window.stride, walk.window.dilation
    first = np.add.outer(np.arange(oy) * sy * walk.row, np.arange(ox) * sx * walk.position).reshape(-1)
    taps = np.add.outer(np.arange(ky) * dy * walk.row, np.arange(kx) * dx * walk.position).reshape(-1)
    window = np.add.outer(taps, np.arange(walk.beats)).reshape(-1)
    groups = np.add.outer(np.arange(walk.groups) * walk.beats, np.tile(window, walk.repeats)).reshape(-1)
    needs = np.add.outer(first, groups + 1).astype(np.int32)
    frees = np.broadcast_to(first[:, None], needs.shape).astype(np.int32)
    frees[:, -1] = np.append(first[1:], walk.words)
    hold = Hold(walk.depth, _takes(walk), needs.reshape(-1), frees.reshape(-1), one_port)
    return Tokens((hold,), every(walk.operations), LATENCY)


def _takes(walk: Walk) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each word written whether it comes from the input."""
    inside = np.zeros(walk.padded, np.bool_)
    rows, columns = (slice(b, b + n) for b, n in zip(walk.window.before, walk.size, strict=True))
    inside[rows, columns] = True
    return inside.repeat(walk.position)


def in_front(unit: Unit, name: str, walk: Walk | None, x: IntType, element: IntType) -> tuple[Unit, ...]:
    """A unit, and before it the one that reads windows for it; alone where it needs none."""
    return (unit,) if walk is None else (build(f"{name}_window", walk, x, element), unit)


def needs(walk: Walk | None, bits: int, one_port: bool = False) -> Needs:
    """Estimated needs, for elements of so many bits; fitted to what ECP5 synthesis takes. None without a window."""
    if walk is None:
        return Needs()
    width, small, padded = walk.lanes * bits, _small(walk, bits), walk.window.padded
    counts = (walk.reach + max(walk.reach, walk.row) + walk.depth).bit_length() + 1
    loops = [walk.beats, *walk.window.kernel, walk.repeats, walk.groups, *walk.positions]
    turning = sum(size > 1 for size in loops)
    if padded:
        loops += [walk.padded[0], walk.row]
    places = sum((size - 1).bit_length() for size in loops)
    address = (walk.depth - 1).bit_length()
    lut = 16 + 5 * turning + 2 * counts + 0.7 * address + 2 * places + (0.9 * width if padded else 0)
    ff = 2 * counts + 2 * address + width + places + sum(size > 1 for size in loops) + 2
    memory = ((walk.depth, width),)
    if one_port:
        return Needs(lut + address, ff, one_port=memory)
    return Needs(lut, ff + width, small=memory) if small else Needs(lut, ff, blocks=memory)
