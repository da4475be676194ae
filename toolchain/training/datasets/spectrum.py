"""Log-mel energies and MFCC of recordings in integers: the same on every machine, and on a device without floats.

Of each frame: window, discrete Fourier transform, power, mel bands, logarithm, and for MFCC a cosine transform. Samples
and tables are integers, and so is every sum; nothing is rounded but by the shifts named below. The transform is a
matrix product in float64, which is exact here, in any order: its products and sums are integers below 2**53.

| step | result | bits |
|---|---|---|
| window | (sample * hann + 2**14) >> 15, hann of 15 fraction bits | 16 |
| transform | sum(windowed * cosine) and sum(windowed * sine), tables of 14 fraction bits, >> 5 + log2(frame) | 24 |
| power | real**2 + imaginary**2; all of a frame add up to 2**48 at most | 48 |
| band | sum(power * weight), triangles of 8 fraction bits | 56 |
| logarithm | log2(band + 1), 8 fraction bits, cut | 14 |
| cosine transform | sum(logarithm * cosine) >> 12, a table of 12 fraction bits | 22 |

The mel scale is 2595 * log10(1 + f / 700); the transforms are those of Davis and Mermelstein, IEEE Transactions on ASSP
28 (1980). Band edges are rounded to 1/256 of the distance of two frequencies. The logarithm's bits come of repeated
squaring.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.datasets.settings import SoundSettings

Integers = NDArray[np.int64]

_HANN_BITS, _WAVE_BITS, _EDGE_BITS, _WEIGHT_BITS, _LOG_BITS, _COSINE_BITS = 15, 14, 8, 8, 8, 12


def features_of(samples: NDArray[np.int16], settings: SoundSettings) -> Integers:
    """Features (m, frames, bands or coefficients) of recordings (m, samples).

    Raises:
        DataError: a band holds no frequency of the transform.
    """
    energies: Integers = _power(_frames(samples, settings)) @ mel_weights(settings)
    logarithms = log2(energies + 1)
    if settings.features == "log-mel":
        return logarithms
    sums: Integers = logarithms @ _cosines(settings.bands, settings.coefficients)
    return sums >> _COSINE_BITS


def frames_of(settings: SoundSettings) -> int:
    """Frames of a recording."""
    return 1 + (settings.samples - settings.frame) // settings.hop


def _frames(samples: NDArray[np.int16], settings: SoundSettings) -> Integers:
    """Windowed frames, (m, frames, frame)."""
    views = np.lib.stride_tricks.sliding_window_view(samples, settings.frame, axis=1)[:, :: settings.hop]
    hann = _table(lambda k: 0.5 - 0.5 * math.cos(2 * math.pi * k / settings.frame), settings.frame, _HANN_BITS)
    return (views.astype(np.int64) * hann + (1 << _HANN_BITS - 1)) >> _HANN_BITS


def _power(frames: Integers) -> Integers:
    """Power at each frequency, (..., frame / 2 + 1)."""
    size = frames.shape[-1]
    shift = 5 + size.bit_length() - 1
    cosine = _table(lambda k: math.cos(2 * math.pi * k / size), size, _WAVE_BITS)
    sine = np.roll(cosine, size // 4)
    turns = np.outer(np.arange(size), np.arange(size // 2 + 1)) % size
    parts = [(frames.astype(np.float64) @ wave[turns].astype(np.float64)).astype(np.int64) for wave in (cosine, sine)]
    power: Integers = sum((part >> shift) ** 2 for part in parts)
    return power


def mel_weights(settings: SoundSettings) -> Integers:
    """Weights of each frequency in each band, (frame / 2 + 1, bands).

    Raises:
        DataError: a band is so narrow that it holds no frequency.
    """
    edges = _edges(settings)
    places = np.arange(settings.frame // 2 + 1, dtype=np.int64)[:, None] << _EDGE_BITS
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising = ((places - left) << _WEIGHT_BITS) // np.maximum(middle - left, 1)
    falling = ((right - places) << _WEIGHT_BITS) // np.maximum(right - middle, 1)
    weights = np.clip(np.minimum(rising, falling), 0, 1 << _WEIGHT_BITS)
    empty = np.flatnonzero(weights.sum(axis=0) == 0)
    if len(empty):
        raise DataError(
            f"data.sound.bands: {settings.bands}: band {empty[0]} holds no frequency of a frame of {settings.frame} "
            "samples; take fewer bands or a longer frame"
        )
    return np.asarray(weights, np.int64)


def _edges(settings: SoundSettings) -> Integers:
    """Band edges in 1/256 of the distance of two frequencies, (bands + 2,)."""
    return np.array([round(edge) for edge in exact_edges(settings)], np.int64)


def exact_edges(settings: SoundSettings) -> list[float]:
    """The same before they are rounded."""
    top = math.log10(1 + settings.rate / 2 / 700)
    mels = [top * index / (settings.bands + 1) for index in range(settings.bands + 2)]
    return [700 * (10**mel - 1) * settings.frame / settings.rate * (1 << _EDGE_BITS) for mel in mels]


def log2(values: Integers) -> Integers:
    """The logarithm of integers from 1 on, in 1/256, rounded down."""
    exponent = np.zeros_like(values)
    rest = values.copy()
    for bits in (32, 16, 8, 4, 2, 1):
        large = rest >= 1 << bits
        exponent += np.where(large, bits, 0)
        rest = np.where(large, rest >> bits, rest)
    # In [1, 2) with 30 fraction bits; squaring doubles the logarithm.
    mantissa = np.where(exponent > 30, values >> np.maximum(exponent - 30, 0), values << np.maximum(30 - exponent, 0))
    result = exponent
    for _ in range(_LOG_BITS):
        mantissa = (mantissa * mantissa) >> 30
        above = mantissa >> 31
        mantissa >>= above
        result = 2 * result + above
    return result


def _cosines(bands: int, coefficients: int) -> Integers:
    """The cosine transform's table, (bands, coefficients)."""
    period = 4 * bands
    wave = _table(lambda k: math.cos(2 * math.pi * k / period), period, _COSINE_BITS)
    turns = np.outer(2 * np.arange(bands) + 1, np.arange(coefficients)) % period
    return np.asarray(wave[turns])


def _table(of: Callable[[int], float], size: int, bits: int) -> Integers:
    """Rounded values; no cosine of such an angle lies half-way between two, so that every machine rounds alike."""
    return np.array([round(of(k) * (1 << bits)) for k in range(size)], np.int64)
