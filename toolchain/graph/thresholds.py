"""Integer thresholds by exact evaluation.

An accumulator is a bounded integer, so the elementwise nodes behind it can be run on every value it
can take. Where the quantised result steps up, there is the threshold. Scales, biases, normalisation,
ReLU and rounding mode are all taken in as the executor itself computes them, and nothing is rounded twice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.network import Integers

# Accumulator ranges beyond this take too long to walk through.
MAX_RANGE = 2**20
CHUNK = 2048

Codes = Callable[[Integers], Integers]


def walk(codes: Codes, low: int, high: int) -> Integers:
    """Output codes at each accumulator value of [low, high], shape (high - low + 1, channels).

    Args:
        codes: maps accumulator values of shape (CHUNK,) to codes of shape (CHUNK, channels).
    """
    parts = []
    for start in range(low, high + 1, CHUNK):
        values = np.arange(start, start + CHUNK, dtype=np.int64)
        parts.append(codes(np.minimum(values, high)))
    return np.concatenate(parts)[: high - low + 1]


def find_thresholds(
    name: str, codes: Codes, low: Integers, high: Integers, levels: int
) -> tuple[Integers, NDArray[np.bool_]]:
    """Thresholds of each channel, and which channels fall instead of rise.

    A falling channel's thresholds are those of its negated accumulator: negate its weights to use them.

    Args:
        name: of the layer, for errors.
        codes: maps accumulators of shape (CHUNK,) to codes 0..levels of shape (CHUNK, channels).
        low, high: accumulator range of each channel, shape (channels,).
        levels: number of thresholds a channel.

    Returns:
        (thresholds of shape (channels, levels), ascending; falling of shape (channels,)). A threshold
        that is always reached stands at the channel's least value, one never reached just above its greatest.

    Raises:
        ModelError: the range is too wide, or a channel neither rises nor falls throughout.
    """
    least, greatest = int(low.min()), int(high.max())
    if greatest - least > MAX_RANGE:
        raise ModelError(f"{name}: accumulators span {greatest - least} values, {MAX_RANGE} at most; narrow the types")
    table = walk(codes, least, greatest)
    thresholds = np.zeros((len(low), levels), dtype=np.int64)
    falling = np.zeros(len(low), dtype=np.bool_)
    for channel in range(len(low)):
        column = table[low[channel] - least : high[channel] - least + 1, channel]
        steps = np.diff(column)
        falling[channel] = bool((steps < 0).any())
        if falling[channel] and (steps > 0).any():
            raise ModelError(f"{name}: the activation of channel {channel} is not monotone: it has no thresholds")
        first = -int(high[channel]) if falling[channel] else int(low[channel])
        rising = column[::-1] if falling[channel] else column
        thresholds[channel] = first + np.searchsorted(rising, np.arange(1, levels + 1))
    return thresholds, falling
