from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import DataError
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.datasets.sounds import read_sounds, read_wav

RATE = 8000


def write_wav(path: Path, samples: Any, width: int = 2, channels: int = 1, rate: int = RATE) -> Path:
    """A recording of bytes, or of numbers of 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(channels)
        stream.setsampwidth(width)
        stream.setframerate(rate)
        stream.writeframes(samples if isinstance(samples, bytes) else np.asarray(samples, "<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("raw", "width", "made"),
    [
        (b"\x00\x80\xff", 1, [-32768, 0, 32512]),
        (b"\x01\x00\xff\xff", 2, [1, -1]),
        (b"\xff\x01\x00\x00\xff\xff", 3, [1, -1]),
        (b"\x00\xff\x01\x00\x00\x00\x00\x80", 4, [1, -32768]),
    ],
)
def test_samples_of_each_width_become_16_bits(raw: bytes, width: int, made: list[int], tmp_path: Path) -> None:
    assert read_wav(write_wav(tmp_path / "a.wav", raw, width), RATE).tolist() == made


def test_channels_become_their_mean(tmp_path: Path) -> None:
    assert read_wav(write_wav(tmp_path / "a.wav", [1, 4, -3, 0], channels=2), RATE).tolist() == [2, -2]


def _settings(**more: Any) -> DataSettings:
    sound = {"rate": RATE, "seconds": 0.064, "frame": 256, "hop": 128, "bands": 10, **more}
    return DataSettings.model_validate({"format": "wav", "sound": sound})


def test_recordings_are_brought_to_one_length_and_counted(tmp_path: Path) -> None:
    tone = (8000 * np.sin(np.arange(900) * 0.4)).astype(int)
    for name, samples in (("yes/a.wav", tone[:256]), ("yes/b.wav", tone[:512]), ("no/c.wav", tone)):
        write_wav(tmp_path / name, samples)
    rows = read_sounds(tmp_path, _settings())
    assert rows.x.shape == (3, 1, 3, 10)
    assert rows.labels.tolist() == ["no", "yes", "yes"]
    assert {what: count for what, count in rows.counted.items() if count} == {
        "recordings cut": 1,
        "recordings that end in silence": 1,
    }
    assert np.array_equal(rows.x[0], rows.x[2]), "beyond its length nothing of a recording counts"
    assert not rows.x[1, 0, 2].any() and rows.x[2, 0, 2].all()
    mfcc = read_sounds(tmp_path, _settings(features="mfcc", coefficients=5))
    assert (mfcc.x.shape, mfcc.axis) == ((3, 1, 3, 5), 3)


def test_recordings_that_cannot_be_used(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "yes/a.wav", [1, 2], rate=44100)
    with pytest.raises(DataError, match=r"a\.wav: 44100 samples a second: should be 8000; resample it, or set"):
        read_sounds(tmp_path, _settings())
    write_wav(path, b"")
    with pytest.raises(DataError, match=r"a\.wav: holds no sample"):
        read_wav(path, RATE)
    path.write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"a\.wav: no WAV of PCM that can be read"):
        read_wav(path, RATE)
