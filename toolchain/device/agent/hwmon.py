"""Sensors of the kernel's hwmon class, found by name: INA226 and its relatives, INA260, INA3221, IRPS5401.

Units are those of the kernel's Documentation/hwmon/sysfs-interface: uW, mV, mA, ms.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from .source import (
    INPUT,
    MEASURED,
    MOST_LAG_S,
    POWER,
    RAIL,
    Lost,
    NumberFile,
    SensorError,
    Source,
    Traits,
    entries,
    label_text,
    product,
    read_number,
)

# Seconds of one averaged reading, and W of one step. INA226: 16 pairs of 2.2 ms is the driver's default. INA260 on the
# Kria SOM: 6 to 7 changes a second in steps of 10 mW.
_INA = re.compile(r"(ina(?:219|220|226|230|231|260))(?:_(.+))?$")
_SLOW = {"ina260": (0.15, 0.01)}
_DEFAULT = (0.0352, 0.025)
_INA3221 = (0.1, 0.04)
_PMBUS = (0.1, 0.125)
# The one rail of a Jetson that all others are fed from (NVIDIA, Jetson Linux Developer Guide, power monitor).
JETSON_INPUTS = ("VDD_IN", "POM_5V_IN", "VDD_5V_IN")


def hwmon_sources(root: Path) -> list[Source | Lost]:
    """All power sensors of the hwmon class; those that do not say what they are, as lost."""
    found: list[Source | Lost] = []
    for folder in sorted(entries(root / "sys/class/hwmon", "hwmon*"), key=_by_number):
        try:
            found.extend(_chip(folder, label_text(folder / "name") or ""))
        except SensorError as error:
            found.append(Lost(folder.name, None, str(error)))
    return found


def _chip(folder: Path, name: str) -> Iterator[Source | Lost]:
    if _INA.match(name):
        yield _ina(folder, name)
    elif name.startswith("ina3221"):
        yield from _ina3221(folder, name)
    elif name.startswith("irps5401"):
        yield from _pmbus(folder, name)


def rail_scope(label: str) -> str:
    """Whether a Jetson's rail is the input of the whole module."""
    return INPUT if label in JETSON_INPUTS else RAIL


def _by_number(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.name) or 0)


def _interval(folder: Path) -> float:
    """Seconds from one value to the next as the driver says, or 0.

    Raises:
        SensorError: it says what cannot be.
    """
    path = folder / "update_interval"
    said = (read_number(path) or 0.0) / 1000
    if not 0 <= said <= MOST_LAG_S:
        raise SensorError(f"{path}: {said * 1000:g} ms, should be 0 to {MOST_LAG_S * 1000:g}")
    return said


def _ina(folder: Path, name: str) -> Source:
    found = _INA.match(name)
    chip, place = (found.group(1), found.group(2)) if found else (name, None)
    seconds, step = _SLOW.get(chip, _DEFAULT)
    # A driver that says how long it averages is believed where the chip can be set.
    said = _interval(folder)
    seconds = max(seconds, said) if chip in _SLOW else said or seconds
    label = label_text(folder / "power1_label") or place or "supply"
    return _power(folder / "power1_input", name, f"{label} ({chip})", INPUT, (seconds, step))


def _power(path: Path, name: str, rail: str, scope: str, known: tuple[float, float]) -> Source:
    file = NumberFile(path)
    traits = Traits(name, rail, scope, MEASURED, POWER, known[0], known[1], str(path))
    return Source(traits, lambda: file.read() / 1e6, file.close)


def _ina3221(folder: Path, name: str) -> Iterator[Source | Lost]:
    for channel in (1, 2, 3):  # in7 is the sum of shunt voltages, no rail
        parts = [
            folder / f"{side}{channel}_{end}" for side, end in (("in", "label"), ("in", "input"), ("curr", "input"))
        ]
        if any(map(os.path.lexists, parts)):
            yield from _channel(folder, name, channel)


def _channel(folder: Path, name: str, channel: int) -> Iterator[Source | Lost]:
    try:
        label = label_text(folder / f"in{channel}_label") or f"channel {channel}"
    except SensorError as error:
        yield Lost(f"{name}:channel {channel}", None, str(error))
        return
    if label == "NC":
        return
    switch = folder / f"in{channel}_enable"
    if read_number(switch) == 0:
        yield Lost(f"{name}:{label}", rail_scope(label), f"its channel is switched off ({switch} is 0)")
    else:
        yield _product(folder, f"{name}:{label}", label, channel)


def _product(folder: Path, name: str, label: str, channel: int) -> Source:
    volt, ampere = NumberFile(folder / f"in{channel}_input"), NumberFile(folder / f"curr{channel}_input")

    def close() -> None:
        volt.close()
        ampere.close()

    seconds = _interval(folder) or _INA3221[0]
    traits = Traits(name, label, rail_scope(label), MEASURED, POWER, seconds, _INA3221[1], str(folder))
    return Source(traits, lambda: product(volt.read() / 1e3, ampere.read() / 1e3), close)


def _pmbus(folder: Path, name: str) -> Iterator[Source | Lost]:
    for path in entries(folder, "power*_input"):
        try:
            label = label_text(folder / path.name.replace("_input", "_label")) or path.name
        except SensorError as error:
            yield Lost(f"{name}@{folder.name}:{path.name}", RAIL, str(error))
            continue
        if label.startswith("pout"):
            yield _power(path, f"{name}@{folder.name}:{label}", f"{label} ({name})", RAIL, _PMBUS)
