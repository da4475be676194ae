"""Finds the power sensors of a machine, and says which of them make up its figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Union

from .hwmon import hwmon_sources
from .iio import iio_sources
from .ina2xx import ina2xx_sensor
from .powercap import powercap_sources
from .source import INPUT, PACKAGE, RAIL, Lost, Run, SensorError, Source, run_command
from .vcgencmd import vcgencmd_sources

Sensor = Union[Source, Lost]  # noqa: UP007 (Python 3.8 runs this line)


class Found(NamedTuple):
    """The sensors of a machine: those that can be read, and those that are there and cannot."""

    sources: list[Source]
    lost: list[Lost]


def discover(root: Path = Path("/"), run: Run = run_command) -> Found:
    """All sensors of a machine, with those that make up the total marked.

    Args:
        root: where the file system starts; a tree of plain files will do.
        run: runs `vcgencmd`.
    """
    every = [*hwmon_sources(root), *iio_sources(root), *vcgencmd_sources(run, root), *powercap_sources(root)]
    return mark_total(read_once(unique(every)))


def read_once(sensors: Iterable[Sensor]) -> Found:
    """Those that can be read, and those that cannot; each is read to know."""
    found = Found([], [])
    for sensor in sensors:
        lost = sensor if isinstance(sensor, Lost) else _why_lost(sensor)
        if lost is not None:
            found.lost.append(lost)
        elif isinstance(sensor, Source):
            found.sources.append(sensor)
    return found


def open_i2c(text: str) -> Sensor:
    """A meter by the words BUS:ADDRESS:CHIP:OHMS, such as `/dev/i2c-1:0x40:ina226:0.1`; lost where it cannot be read.

    Raises:
        SensorError: other words, or a chip or a shunt that cannot be.
    """
    try:
        bus, address, chip, ohms = text.rsplit(":", 3)
        place, shunt = int(address, 0), float(ohms)
    except ValueError:
        raise SensorError(f"{text}: should be BUS:ADDRESS:CHIP:OHMS, such as /dev/i2c-1:0x40:ina226:0.1") from None
    return ina2xx_sensor(chip, shunt, bus, place)


def unique(sensors: Iterable[Sensor]) -> list[Sensor]:
    """The same sensors, those of equal names numbered."""
    names: dict[str, int] = {}
    result: list[Sensor] = []
    for sensor in sensors:
        name = sensor_name(sensor)
        names[name] = names.get(name, 0) + 1
        result.append(sensor if names[name] == 1 else _renamed(sensor, f"{name}#{names[name]}"))
    return result


def mark_total(found: Found, names: Iterable[str] = ()) -> Found:
    """Mark the sources whose sum is the figure, and the lost sensors that the figure lacks: then none is marked.

    Args:
        names: what the person chose; without it the board's inputs, else its rails, else the processor's packages.

    Raises:
        SensorError: a name that no source has.
    """
    chosen = set(names)
    _must_be_there(found, chosen)
    needed: set[str] = set()
    if not chosen:
        widest = _widest(found)
        needed = widest & {lost.name for lost in found.lost}
        chosen = set() if needed else widest
    for source in found.sources:
        source.traits = dataclasses.replace(source.traits, in_total=source.traits.name in chosen)
    return Found(found.sources, [dataclasses.replace(lost, needed=lost.name in needed) for lost in found.lost])


def _must_be_there(found: Found, chosen: set[str]) -> None:
    unknown = chosen - {source.traits.name for source in found.sources}
    why = [f"{lost.name} cannot be read: {lost.why}" for lost in found.lost if lost.name in unknown]
    if why:
        raise SensorError("; ".join(why))
    if unknown:
        there = ", ".join(source.traits.name for source in found.sources) or "none"
        raise SensorError(f"no sensor {', '.join(sorted(unknown))}; there are: {there}")


def _widest(found: Found) -> set[str]:
    """Names of what covers the most, whether it can be read or not: a sum of parts is not the whole."""
    scopes = [(source.traits.name, source.traits.scope) for source in found.sources]
    # What does not say what it covers may be the board's input.
    scopes += [(lost.name, lost.scope or INPUT) for lost in found.lost]
    for scope in (INPUT, RAIL):
        names = {name for name, its in scopes if its == scope}
        if names:
            return names
    return {name for name, its in scopes if its == PACKAGE and _counts(name)}


def _counts(name: str) -> bool:
    # A package counts its cores in; memory is apart; psys would count the package twice. One without a name may be one.
    return ":package" in name or name.endswith(":dram") or name.count(":") == 1


def _why_lost(source: Source) -> Lost | None:
    try:
        source.read()
    except SensorError as error:
        # One that answers nonsense is there: the measurement must say so, not pass it over.
        if source_is_gone(error):
            source.close()
            return Lost(source.traits.name, source.traits.scope, str(error))
    return None


def source_is_gone(error: SensorError) -> bool:
    """Whether a sensor cannot be read at all, rather than answering nonsense."""
    return type(error) is SensorError


def sensor_name(sensor: Sensor) -> str:
    """Its name, whether it can be read or not."""
    return sensor.name if isinstance(sensor, Lost) else sensor.traits.name


def _renamed(sensor: Sensor, name: str) -> Sensor:
    if isinstance(sensor, Lost):
        return dataclasses.replace(sensor, name=name)
    sensor.traits = dataclasses.replace(sensor.traits, name=name)
    return sensor
