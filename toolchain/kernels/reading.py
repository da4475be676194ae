"""How the windows of a convolution lie in a tensor of bytes, or in a copy with a border."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Window
from toolchain.graph.types import TensorType
from toolchain.kernels.variants import BLOCK

MORE = 64
"""Bytes behind a copy, which a register that is read there may reach into."""


@dataclass(frozen=True)
class Reading:
    """Windows over bytes of one spatial axis or two; one axis is one line.

    Attributes:
        positions: spatial shape of the result.
        copied: whether a copy with a border is read, else the tensor itself, which then has no padding.
        flip: in C, what turns bytes into those that products take.
    """

    x: TensorType
    window: Window
    positions: tuple[int, ...]
    copied: bool
    flip: str

    @property
    def wide(self) -> int:
        """Windows of a line of the result; `lines`: such lines."""
        return self.positions[-1]

    @property
    def lines(self) -> int:
        """Lines of the result."""
        return math.prod(self.positions[:-1])

    @property
    def across(self) -> int:
        """Bytes of one line of a window."""
        return self.window.kernel[-1] * self.x.channels

    @property
    def tall(self) -> int:
        """Lines of a window."""
        return math.prod(self.window.kernel[:-1])

    @property
    def step(self) -> int:
        """Bytes from a window to the next of its line."""
        return self.window.stride[-1] * self.x.channels

    @property
    def line_step(self) -> int:
        """Bytes from a line of windows to the next."""
        return self._pitch * math.prod(self.window.stride[:-1])

    @property
    def gap(self) -> int:
        """Bytes from a line of a window to its next."""
        return self._pitch * math.prod(self.window.dilation[:-1])

    @property
    def copy_bytes(self) -> int:
        """What the copy takes."""
        if not self.copied:
            return 0
        return (self._lines + sum(self._border[:2])) * self._pitch + MORE

    def taps(self) -> NDArray[np.int64]:
        """Bytes from a window's first byte to each of its positions."""
        across = np.arange(self.window.kernel[-1], dtype=np.int64) * self.window.dilation[-1] * self.x.channels
        return (np.arange(self.tall, dtype=np.int64)[:, None] * self.gap + across).reshape(-1)

    def pieces(self) -> NDArray[np.int64]:
        """Bytes to each 16 channels of a line's windows, for whole registers of four such pieces."""
        channels = np.arange(0, self.wide * self.x.channels, BLOCK, dtype=np.int64)
        position, channel = np.divmod(channels, self.x.channels)
        places = position * self.step + channel
        return np.pad(places, (0, -len(places) % 4))

    def opened(self, x: str, place: str) -> Sequence[str]:
        """C that points `from` at the first window of the tensor `x`; a copy lies at `place`."""
        if not self.copied:
            return (f"const uint8_t *const from = (const uint8_t *){x};",)
        border, sizes = ", ".join(map(str, self._border)), f"{self._lines}, {self._line_bytes}"
        rest = f"(uint8_t){self.window.fill}, MODEL_MOVED({self.flip}), {MORE}"
        return (
            f"uint8_t *const from = {place};",
            f"static const int border[] = {{{border}}};",
            f"bordered((const uint8_t *){x}, {sizes}, border, {rest}, from);",
        )

    def windows(self, together: int) -> Sequence[str]:
        """C that points `at` at windows from `p` on: `rows` of them, at most `together`, of which `p` is a multiple."""
        head = "for (int r = 0; r < rows; r++)"
        if self.wide % together:
            return (head, f"    at[r] = from + {self._place('(size_t)(p + r)')};")
        # None of them lies on the next line.
        first = f"const uint8_t *const first = from + {self._place('(size_t)p')};"
        return (first, head, f"    at[r] = first + (size_t)r * {self.step};")

    def _place(self, position: str) -> str:
        """Bytes to a window, in C, of its number."""
        if self.lines == 1:
            return f"{position} * {self.step}"
        return f"{position} / {self.wide} * {self.line_step} + {position} % {self.wide} * {self.step}"

    @property
    def _border(self) -> tuple[int, int, int, int]:
        """Lines above and below, bytes left and right."""
        before, after = self.window.before, self.window.after
        channels = self.x.channels
        return sum(before[:-1]), sum(after[:-1]), before[-1] * channels, after[-1] * channels

    @property
    def _lines(self) -> int:
        return math.prod(self.x.shape[:-2])

    @property
    def _line_bytes(self) -> int:
        return self.x.shape[-2] * self.x.channels

    @property
    def _pitch(self) -> int:
        """Bytes from a line of what is read to its next."""
        return self._line_bytes + (sum(self._border[2:]) if self.copied else 0)
