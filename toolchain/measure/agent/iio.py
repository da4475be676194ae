"""INA3221 of a Jetson with JetPack 4: industrial I/O, power in mW."""

from __future__ import annotations

from pathlib import Path

from .hwmon import rail_scope
from .source import MEASURED, POWER, NumberFile, Source, Traits, read_text

_SECONDS, _STEP = 0.1, 0.04


def iio_sources(root: Path) -> list[Source]:
    """All rails that the ina3221x driver names."""
    folder = root / "sys/bus/i2c/drivers/ina3221x"
    return [
        source
        for path in sorted(folder.glob("*/iio:device*/in_power[0-9]_input"))
        for source in [_rail(path)]
        if source is not None
    ]


def _rail(path: Path) -> Source | None:
    label = read_text(path.parent / f"rail_name_{path.name[len('in_power')]}")
    if label is None or label == "NC":
        return None
    file = NumberFile(path)
    traits = Traits(f"ina3221x:{label}", label, rail_scope(label), MEASURED, POWER, _SECONDS, _STEP, str(path))
    return Source(traits, lambda: file.read() / 1e3, file.close)
