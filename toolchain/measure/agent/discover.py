"""Finds the power sensors of a machine, and says which of them make up its figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from .hwmon import hwmon_sources
from .iio import iio_sources
from .ina2xx import ina2xx_source, open_registers
from .powercap import powercap_sources
from .source import INPUT, PACKAGE, RAIL, Run, SensorError, Source, run_command
from .vcgencmd import vcgencmd_sources


def discover(root: Path = Path("/"), run: Run = run_command) -> list[Source]:
    """All sensors that can be read now, with those that make up the total marked.

    Args:
        root: where the file system starts; a tree of plain files will do.
        run: runs `vcgencmd`.
    """
    found = [*hwmon_sources(root), *iio_sources(root), *vcgencmd_sources(run), *powercap_sources(root)]
    return mark_total(unique([source for source in found if _answers(source)]))


def unreadable(root: Path = Path("/")) -> list[str]:
    """Sensors that are there but may not be read, and why, such as RAPL without root."""
    reasons = []
    for source in [*hwmon_sources(root), *iio_sources(root), *powercap_sources(root)]:
        try:
            source.read()
        except SensorError as error:
            reasons.append(f"{source.traits.name}: {error}")
        source.close()
    return reasons


def open_i2c(text: str) -> Source:
    """A meter by the words BUS:ADDRESS:CHIP:OHMS, such as `/dev/i2c-1:0x40:ina226:0.1`.

    Raises:
        SensorError: other words, or no such meter.
    """
    try:
        bus, address, chip, ohms = text.rsplit(":", 3)
        place, shunt = int(address, 0), float(ohms)
    except ValueError:
        raise SensorError(f"{text}: should be BUS:ADDRESS:CHIP:OHMS, such as /dev/i2c-1:0x40:ina226:0.1") from None
    return ina2xx_source(chip, shunt, open_registers(bus, place), f"{bus}:{address}")


def unique(sources: Iterable[Source]) -> list[Source]:
    """The same sources, those of equal names numbered."""
    names: dict[str, int] = {}
    result = []
    for source in sources:
        name = source.traits.name
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            source.traits = dataclasses.replace(source.traits, name=f"{name}#{names[name]}")
        result.append(source)
    return result


def mark_total(sources: list[Source], names: Iterable[str] = ()) -> list[Source]:
    """Mark the sources whose sum is the figure.

    Args:
        names: what the person chose; without it the board's inputs, else its rails, else the processor's packages.

    Raises:
        SensorError: a name that no source has.
    """
    chosen = set(names) or _widest(sources)
    unknown = chosen - {source.traits.name for source in sources}
    if unknown:
        there = ", ".join(source.traits.name for source in sources) or "none"
        raise SensorError(f"no sensor {', '.join(sorted(unknown))}; there are: {there}")
    for source in sources:
        source.traits = dataclasses.replace(source.traits, in_total=source.traits.name in chosen)
    return sources


def _widest(sources: Iterable[Source]) -> set[str]:
    traits = [source.traits for source in sources]
    for scope in (INPUT, RAIL):
        names = {trait.name for trait in traits if trait.scope == scope}
        if names:
            return names
    return {trait.name for trait in traits if trait.scope == PACKAGE and _counts(trait.name)}


def _counts(name: str) -> bool:
    # A package counts its cores in; memory is apart; psys would count the package twice.
    return ":package" in name or name.endswith(":dram")


def _answers(source: Source) -> bool:
    try:
        source.read()
    except SensorError as error:
        # One that answers nonsense is there: the measurement must say so, not pass it over.
        return not source_is_gone(error)
    return True


def source_is_gone(error: SensorError) -> bool:
    """Whether a sensor cannot be read at all, rather than answering nonsense."""
    return type(error) is SensorError
