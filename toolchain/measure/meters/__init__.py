"""Bench meters of this computer, by what `METER=` says: `joulescope`, `ppk2`, or an INA2xx on a USB I2C adapter."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from toolchain.device.agent.discover import Found, mark_total, open_i2c
from toolchain.device.agent.source import SensorError, Source
from toolchain.errors import ConfigError, ToolError

# PPK2's library is under GPL-2: it is no dependency, and only who installs it has it loaded.
_MODULES = {"joulescope": "toolchain.measure.meters.joulescope", "ppk2": "toolchain.measure.meters.ppk2"}


def open_meter(text: str) -> list[Source]:
    """The meter that a person named.

    Args:
        text: `joulescope[:SERIAL]`, `ppk2[:MILLIVOLT]`, or `i2c:BUS:ADDRESS:CHIP:OHMS`.

    Raises:
        ConfigError: there is no such meter.
        ToolError: its library is missing, or it does not answer.
    """
    name, _, rest = text.partition(":")
    if name == "i2c":
        try:
            return mark_total(Found([open_i2c(rest)], [])).sources
        except SensorError as error:
            raise ToolError(f"METER={text}: {error}") from error
    if name not in _MODULES:
        raise ConfigError(f"METER={text}: should be i2c:BUS:ADDRESS:CHIP:OHMS, {' or '.join(sorted(_MODULES))}")
    opener: Callable[[str], Source] = import_module(_MODULES[name]).open_source
    return mark_total(Found([opener(rest)], [])).sources
