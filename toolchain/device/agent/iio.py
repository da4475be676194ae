"""INA3221 of a Jetson with JetPack 4: industrial I/O, power in mW."""

from __future__ import annotations

from pathlib import Path

from .hwmon import rail_scope
from .source import MEASURED, POWER, Lost, NumberFile, SensorError, Source, Traits, entries, label_text

_SECONDS, _STEP = 0.1, 0.04


def iio_sources(root: Path) -> list[Source | Lost]:
    """All rails of the ina3221x driver; those without a name that can be read, as lost."""
    folder = root / "sys/bus/i2c/drivers/ina3221x"
    found = (_rail(path) for path in entries(folder, "*/iio:device*/in_power[0-9]_input"))
    return [rail for rail in found if rail is not None]


def _rail(path: Path) -> Source | Lost | None:
    number = path.name[len("in_power")]
    name = path.parent / f"rail_name_{number}"
    try:
        label = label_text(name)
    except SensorError as error:
        return Lost(f"ina3221x:rail {number}", None, str(error))
    if label is None:
        return Lost(f"ina3221x:rail {number}", None, f"{name}: names no rail")
    if label == "NC":
        return None
    file = NumberFile(path)
    traits = Traits(f"ina3221x:{label}", label, rail_scope(label), MEASURED, POWER, _SECONDS, _STEP, str(path))
    return Source(traits, lambda: file.read() / 1e3, file.close)
