"""What surrounds a measurement: temperatures, clocks, throttling."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .source import Run, entries, read_number, read_text

_COLDEST, _HOTTEST = -100e3, 250e3  # thousandths of a degree Celsius: what a thermometer can show
# Bits of `vcgencmd get_throttled` that speak of now (Raspberry Pi's documentation of vcgencmd).
_PI_NOW = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True)
class Conditions:
    """What surrounds a measurement at one moment.

    Attributes:
        temperature_c: degrees Celsius by thermometer.
        clocks_khz: kHz by processor.
        throttled_now: words for what holds the board back now.
        throttle_events: how often the processor was throttled since it started.
    """

    temperature_c: Mapping[str, float]
    clocks_khz: Mapping[str, float]
    throttled_now: Sequence[str]
    throttle_events: int


def conditions(root: Path, run: Run) -> Conditions:
    """The conditions now; what cannot be read is left out."""
    return Conditions(temperatures(root), _clocks(root), _throttled_now(run), _throttle_events(root))


def temperatures(root: Path) -> dict[str, float]:
    """Degrees Celsius by thermal zone, and by hwmon where there are no zones (the Zynq's `ams`)."""
    found = {}
    for zone in entries(root / "sys/class/thermal", "thermal_zone*"):
        number = read_number(zone / "temp", _COLDEST, _HOTTEST)
        if number is not None:
            found[f"{read_text(zone / 'type') or 'zone'}:{zone.name[12:]}"] = number / 1000
    return found or _board_temperatures(root)


def throttling(before: Conditions, after: Conditions) -> str | None:
    """Why a repeat between these conditions was throttled, or None."""
    now = sorted({*before.throttled_now, *after.throttled_now})
    if now:
        return f"the board says: {', '.join(now)}"
    counted = after.throttle_events - before.throttle_events
    return f"the processor was throttled {counted} times" if counted > 0 else None


def _board_temperatures(root: Path) -> dict[str, float]:
    found = {}
    for path in entries(root / "sys/class/hwmon", "hwmon*/temp[0-9]*_input"):
        number = read_number(path, _COLDEST, _HOTTEST)
        if number is not None:
            found[f"{read_text(path.parent / 'name') or path.parent.name}:{path.name[:-6]}"] = number / 1000
    return found


def _clocks(root: Path) -> dict[str, float]:
    found = {}
    for path in entries(root / "sys/devices/system/cpu", "cpu[0-9]*/cpufreq/scaling_cur_freq"):
        number = read_number(path)
        if number is not None:
            found[path.parent.parent.name] = number
    for path in entries(root / "sys/class/devfreq", "*gpu*/cur_freq"):
        number = read_number(path)
        if number is not None:
            found[path.parent.name] = number / 1000
    return found


def _throttled_now(run: Run) -> list[str]:
    found = re.match(r"throttled=0x([0-9a-fA-F]+)", run(("vcgencmd", "get_throttled")) or "")
    bits = int(found.group(1), 16) if found else 0
    return [word for bit, word in _PI_NOW.items() if bits >> bit & 1]


def _throttle_events(root: Path) -> int:
    paths = entries(root / "sys/devices/system/cpu", "cpu[0-9]*/thermal_throttle/*_throttle_count")
    return int(sum(read_number(path) or 0 for path in paths))
