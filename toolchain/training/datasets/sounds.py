"""Folders of WAV files, one folder a class, as log-mel energies or MFCC."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.training.datasets.folders import digest_of, labelled_files
from toolchain.training.datasets.rows import Rows
from toolchain.training.datasets.settings import DataSettings, SoundSettings
from toolchain.training.datasets.spectrum import features_of

_AT_ONCE = 256
_CUT, _FILLED = "recordings cut", "recordings that end in silence"


def read_sounds(path: Path, settings: DataSettings) -> Rows:
    """Features of recordings, (m, 1, frames, bands or coefficients), in integers.

    Raises:
        DataError: a folder is empty, a file is no PCM, damaged or of another rate; names the file.
    """
    found, sound = labelled_files(path, settings, {".wav"}), settings.sound
    groups = [found.files[start : start + _AT_ONCE] for start in range(0, len(found.files), _AT_ONCE)]
    counted = {
        "files that are no WAV left out": found.skipped,
        "recordings cut": 0,
        "recordings that end in silence": 0,
    }
    parts = [features_of(_samples(group, sound, counted), sound) for group in groups]
    return Rows(
        np.concatenate(parts)[:, None],
        found.labels,
        key=found.key,
        axis=3 if sound.features == "mfcc" else None,
        counted=counted,
        files=digest_of(path, found.files),
    )


def _samples(files: Sequence[Path], sound: SoundSettings, counted: dict[str, int]) -> NDArray[np.int16]:
    """Recordings of one length, (len(files), samples)."""
    samples = np.zeros((len(files), sound.samples), np.int16)
    for row, file in enumerate(files):
        own = read_wav(file, sound.rate)
        counted[_CUT] += len(own) > sound.samples
        counted[_FILLED] += len(own) < sound.samples
        samples[row, : len(own)] = own[: sound.samples]
    return samples


def read_wav(file: Path, rate: int) -> NDArray[np.int16]:
    """Samples of a recording in 16 bits, (samples,); of several channels their mean, rounded down.

    Raises:
        DataError: it is no WAV of PCM, is damaged, or has another rate.
    """
    try:
        with wave.open(str(file), "rb") as stream:
            found, width, channels = stream.getframerate(), stream.getsampwidth(), stream.getnchannels()
            raw = stream.readframes(stream.getnframes())
    # The last one is what the module raises of a chunk that ends beyond the file.
    except (OSError, EOFError, wave.Error, RuntimeError) as error:
        raise DataError(f"{file}: no WAV of PCM that can be read: {error or 'cut short'}; mend or remove it") from error
    if found != rate:
        raise DataError(f"{file}: {found} samples a second: should be {rate}; resample it, or set data.sound.rate")
    if not raw or len(raw) % (width * channels):
        raise DataError(f"{file}: {'holds no sample' if not raw else 'cut short'}; mend or remove it")
    mean: NDArray[np.int64] = _in_16_bits(raw, width).reshape(-1, channels).sum(axis=1) // channels
    return mean.astype(np.int16)


def _in_16_bits(raw: bytes, width: int) -> NDArray[np.int64]:
    """Samples of 1 to 4 bytes; those of one byte have no sign, others are little-endian."""
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.int64) - 128) << 8
    high = np.frombuffer(raw, np.uint8).reshape(-1, width)[:, -2:]
    return np.ascontiguousarray(high).view("<i2")[:, 0].astype(np.int64)
