"""Bench meters of this computer, by what `METER=` says: `joulescope`, `ppk2`, or an INA2xx on a USB I2C adapter."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from toolchain.device.agent.discover import Sensor, mark_total, open_i2c, read_once
from toolchain.device.agent.source import Source
from toolchain.errors import ConfigError, GateweaveError, ToolError, first_line

# PPK2's library is under GPL-2: it is no dependency, and only who installs it has it loaded.
_MODULES = {"joulescope": "toolchain.measure.meters.joulescope", "ppk2": "toolchain.measure.meters.ppk2"}


def open_meter(text: str) -> list[Source]:
    """The meter that a person named, read once.

    Args:
        text: `joulescope[:SERIAL]`, `ppk2[:MILLIVOLT]`, or `i2c:BUS:ADDRESS:CHIP:OHMS`.

    Raises:
        ConfigError: there is no such meter.
        ToolError: its library is missing or fails, or it cannot be read: without it there is no figure.
    """
    found = mark_total(read_once([_opened(text)]))
    for lost in found.lost:
        raise ToolError(f"METER={text}: cannot be read: {lost.why}")
    return found.sources


def _opened(text: str) -> Sensor:
    name, _, rest = text.partition(":")
    if name != "i2c" and name not in _MODULES:
        raise ConfigError(f"METER={text}: should be i2c:BUS:ADDRESS:CHIP:OHMS, {' or '.join(sorted(_MODULES))}")
    try:
        opener: Callable[[str], Sensor] = open_i2c if name == "i2c" else import_module(_MODULES[name]).open_source
        return opener(rest)
    except GateweaveError:
        raise
    except Exception as error:  # whatever a meter's library raises for a device that is busy, foreign or unplugged
        raise ToolError(f"METER={text}: {first_line(error)}") from error
