"""RAPL of x86 processors: energy counters in uJ that wrap.

Labelled `estimated`: on many processors a model is behind the counter, and it does not say which.
"""

from __future__ import annotations

import os
from pathlib import Path

from .source import (
    ENERGY,
    ESTIMATED,
    PACKAGE,
    Lost,
    NumberFile,
    SensorError,
    Source,
    Traits,
    entries,
    label_text,
    read_number,
)

_REFRESH_S, _STEP_J = 0.001, 61e-6  # Intel SDM, volume 3: about 1 ms, 1/2**14 J by default


def powercap_sources(root: Path) -> list[Source | Lost]:
    """All RAPL domains; packages and memory make up the total."""
    folders = entries(root / "sys/class/powercap", "intel-rapl:*")
    return [_domain(folder) for folder in folders if os.path.lexists(folder / "energy_uj")]


def _domain(folder: Path) -> Source | Lost:
    place = folder.name.split(":", 1)[1]
    try:
        label = label_text(folder / "name") or folder.name
    except SensorError as error:
        return Lost(f"rapl:{place}", PACKAGE, str(error))
    file = NumberFile(folder / "energy_uj")
    traits = Traits(
        name=f"rapl:{place}:{label}",
        rail=f"{label} (RAPL)",
        scope=PACKAGE,
        kind=ESTIMATED,
        quantity=ENERGY,
        time_constant_s=_REFRESH_S,
        resolution=_STEP_J,
        path=str(folder / "energy_uj"),
        wrap_j=(read_number(folder / "max_energy_range_uj", 0.0) or 0.0) / 1e6,
    )
    return Source(traits, lambda: file.read() / 1e6, file.close)
