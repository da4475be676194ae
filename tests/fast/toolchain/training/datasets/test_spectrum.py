from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.datasets import spectrum
from toolchain.training.datasets.settings import SoundSettings
from toolchain.training.datasets.spectrum import exact_edges, features_of, frames_of, log2, mel_weights

SETTINGS = SoundSettings(rate=16_000, seconds=0.1, frame=512, hop=256, bands=24)


def _chirp(samples: int) -> NDArray[np.int16]:
    """A tone that rises, made of integers only."""
    phase = np.cumsum(np.arange(samples, dtype=np.int64) * 5) % 4096
    return (np.abs(phase - 2048) * 20 - 20_000).astype(np.int16)[None]


def test_features_are_those_of_an_independent_computation_in_floats() -> None:
    samples = _chirp(SETTINGS.samples)
    frames = np.lib.stride_tricks.sliding_window_view(samples[0], 512)[::256].astype(float)
    power = np.abs(np.fft.rfft(frames * np.hanning(513)[:-1])) ** 2
    expected = np.log2(power @ mel_weights(SETTINGS) + 1) * 256
    found = features_of(samples, SETTINGS)[0]
    assert found.shape == expected.shape == (frames_of(SETTINGS), 24)
    assert np.abs(found - expected).max() < 4, "a hundredth of an octave, where there is energy"


def test_mfcc_are_the_cosine_transform_of_the_log_mel_energies() -> None:
    settings = SETTINGS.model_copy(update={"features": "mfcc", "coefficients": 6})
    samples = _chirp(settings.samples)
    logarithms = features_of(samples, SETTINGS)[0]
    table = [[math.cos(math.pi * k * (2 * b + 1) / 48) for k in range(6)] for b in range(24)]
    assert np.abs(features_of(samples, settings)[0] - logarithms @ np.array(table)).max() < 50


def test_the_answer_is_the_same_on_every_machine() -> None:
    """Computed once; a change of the features is a change of every data set that is made by them."""
    digests = []
    for features in ("log-mel", "mfcc"):
        made = features_of(_chirp(SETTINGS.samples), SETTINGS.model_copy(update={"features": features}))
        digests.append(hashlib.sha256(made.astype("<i4").tobytes()).hexdigest()[:16])
    assert digests == ["b13a9b321172c024", "4565538fe05b2761"]


def test_logarithms_are_exact() -> None:
    values = np.array([1, 2, 3, 255, 256, 257, 10**9, 2**31 - 1, 2**31, 2**40 - 1, 2**56], np.int64)
    assert log2(values).tolist() == [math.floor(256 * math.log2(value)) for value in values.tolist()]


def test_the_largest_sound_overflows_nothing() -> None:
    for frame in (32, 1024):
        settings = SoundSettings(rate=16_000, seconds=0.3, frame=frame, hop=frame, bands=3)
        loud = np.where(np.arange(settings.samples) % 2, 32767, -32768).astype(np.int16)[None]
        for samples in (loud, np.full_like(loud, -32768)):
            assert (features_of(samples, settings) >= 0).all()
            power = spectrum._power(spectrum._frames(samples, settings))
            assert power.sum(axis=-1).max() <= 2**48


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_no_table_hangs_on_the_last_bit_of_a_float(rate: int) -> None:
    for bands in (10, 24, 32, 40):
        edges = exact_edges(SoundSettings(rate=rate, frame=1024, bands=bands))
        assert min(abs(edge % 1 - 0.5) for edge in edges) > 1e-6
    for size, bits in ((32, 14), (512, 14), (4096, 14), (96, 12), (128, 12), (160, 12)):
        values = [math.cos(2 * math.pi * k / size) * 2**bits for k in range(size)]
        assert min(abs(value % 1 - 0.5) for value in values) > 1e-6


def test_bands_without_a_frequency_are_refused() -> None:
    with pytest.raises(DataError, match=r"data\.sound\.bands: 64: band 0 holds no frequency of a frame of 128"):
        mel_weights(SoundSettings(frame=128, bands=64))
