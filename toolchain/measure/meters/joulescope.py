"""Joulescope JS220 and JS110: the device itself adds up energy; its statistics arrive some times a second.

Written from the documentation of pyjoulescope_driver; not yet tried on a device.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from toolchain.device.agent.source import ENERGY, INPUT, MEASURED, NonsenseError, SensorError, Source, Traits
from toolchain.errors import ToolError

_RATE_HZ = 20
_JS220_SAMPLES = 1_000_000  # a second, of its own statistics
_JS110_RATE_HZ = 2
_FIRST_S, _LATE_S = 5.0, 3.0


def open_source(serial: str) -> Source:
    """The one Joulescope of this computer, or the one of that serial number.

    Raises:
        ToolError: the library is missing, or there is not exactly one such device.
    """
    try:
        library: Any = import_module("pyjoulescope_driver")
    except ImportError:
        raise ToolError("pyjoulescope_driver is missing; install it: pip install pyjoulescope_driver") from None
    return source_of(library.Driver(), serial)


def source_of(driver: Any, serial: str = "", now: Callable[[], float] = time.monotonic) -> Source:
    """The device of a driver as a source of energy.

    Raises:
        ToolError: there is not exactly one such device, or it sends nothing.
    """
    paths = [path for path in driver.device_paths() if path.endswith(serial)]
    if len(paths) != 1:
        found = ", ".join(driver.device_paths()) or "none"
        raise ToolError(f"{len(paths)} Joulescopes match '{serial}', one should; connected: {found}")
    latest = _Latest(now)
    rate = _start(driver, paths[0], latest.take)
    if not latest.first.wait(_FIRST_S):
        driver.close(paths[0])
        raise ToolError(f"{paths[0]}: sends no statistics; is another program using it?")
    rail = "what flows through the Joulescope"
    traits = Traits("joulescope", rail, INPUT, MEASURED, ENERGY, 1 / rate, 1e-9, paths[0])
    return Source(traits, latest.read, lambda: driver.close(paths[0]))


def _start(driver: Any, path: str, take: Callable[[str, Any], None]) -> float:
    """Have the device send statistics; returns how often, in Hz."""
    driver.open(path)
    if "js110" in path:
        driver.publish(f"{path}/s/i/range/select", "auto")
        driver.subscribe(f"{path}/s/sstats/value", "pub", take)
        return _JS110_RATE_HZ
    driver.publish(f"{path}/s/i/range/mode", "auto")
    driver.publish(f"{path}/s/stats/scnt", _JS220_SAMPLES // _RATE_HZ)
    driver.publish(f"{path}/s/stats/ctrl", 1)
    driver.subscribe(f"{path}/s/stats/value", "pub", take)
    return _RATE_HZ


class _Latest:
    """The latest sum of energy; it comes from the driver's thread, which must not die of what the device sends."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.first, self._now = threading.Event(), now
        self._state: tuple[Any, float] = (math.nan, 0.0)

    def take(self, topic: str, value: Any) -> None:
        self._state = (value, self._now())
        self.first.set()

    def read(self) -> float:
        value, at = self._state
        if self._now() - at > _LATE_S:
            raise SensorError(f"the Joulescope sent nothing for {_LATE_S:g} s")
        try:
            return float(value["accumulators"]["energy"]["value"])
        except (LookupError, TypeError, ValueError, OverflowError):
            raise NonsenseError(f"{str(value)[:40]!r} holds no energy") from None
