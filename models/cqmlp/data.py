"""The data of CQMLP: windows of CAN frames, from captures or from the synthetic car."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolchain.can.data.build import windows_dataset
from toolchain.can.data.car import generate_car
from toolchain.can.data.folder import read_folder
from toolchain.can.data.splits import DEFAULT_SEGMENTS
from toolchain.errors import ConfigError
from toolchain.training.dataset import Dataset

_DEFAULTS = {"encoding": "bits", "window": 4, "seed": 1, "segments": DEFAULT_SEGMENTS}


def build_dataset(data: Path | None, settings: Mapping[str, Any]) -> Dataset:
    """Windows, labels and splits of the captures below `data`, or of the synthetic car without it.

    Args:
        data: folder of captures, read recursively, or None.
        settings: encoding, window (frames), seed (of the car and the splits), segments (of the
            blocked split); all may be left out.

    Raises:
        DataError: the captures cannot be used.
        ConfigError: a setting is unknown or out of range.
    """
    options = {**_DEFAULTS, **settings}
    _check(options)
    if data is None:
        frames, kind = generate_car(options["seed"]), "synthetic"
        return windows_dataset(frames.frames, frames.captures, kind=kind, **options)
    folder = read_folder(data)
    captures = [asdict(capture) for capture in folder.captures]
    return windows_dataset(folder.frames, captures, kind="captures", notices=folder.notices, **options)


def _check(options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - set(_DEFAULTS))
    if unknown:
        raise ConfigError(f"data setting '{unknown[0]}' is unknown; allowed are: {', '.join(_DEFAULTS)}")
    for key, least, most in (("window", 1, 256), ("seed", 0, 2**63), ("segments", 4, 1000)):
        value = options[key]
        if not isinstance(value, int) or not least <= value <= most:
            raise ConfigError(f"data setting {key}={value!r}; expected a whole number {least}..{most}")
