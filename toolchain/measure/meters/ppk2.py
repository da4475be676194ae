"""Nordic's Power Profiler Kit II as a source meter: it feeds the board, up to 5 V and 1 A.

Optional: its library ppk2-api is under GPL-2 and is not among our dependencies. Not yet tried on a device.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from toolchain.device.agent.source import ENERGY, INPUT, MEASURED, NonsenseError, SensorError, Source, Traits
from toolchain.errors import ConfigError, ToolError, first_line

_DEFAULT_MV, _LEAST_MV, _MOST_MV = 5000, 800, 5000
_SAMPLE_S = 1e-5  # 100,000 samples a second
_READ_S, _LATE_S = 0.01, 1.0
_MOST_UA = 2e6  # it measures up to 1 A


def open_source(millivolt: str) -> Source:
    """The one PPK2 of this computer, feeding that voltage (5000 mV without one).

    Raises:
        ConfigError: a voltage that it cannot give.
        ToolError: the library is missing, or there is not exactly one device.
    """
    volt = _volt(millivolt)
    try:
        library: Any = import_module("ppk2_api.ppk2_api")
    except ImportError:
        raise ToolError("ppk2-api is missing; install it yourself, it is under GPL-2: pip install ppk2-api") from None
    devices = library.PPK2_API.list_devices()
    if len(devices) != 1:
        raise ToolError(f"{len(devices)} PPK2 are connected, one should be")
    port = devices[0][0] if isinstance(devices[0], tuple) else devices[0]
    return source_of(library.PPK2_API(port, timeout=1, write_timeout=1), volt, str(port))


def source_of(device: Any, volt: float, path: str) -> Source:
    """A PPK2 as a source of energy: currents times the voltage that it gives."""
    device.get_modifiers()
    device.set_source_voltage(round(volt * 1000))
    device.use_source_meter()
    device.toggle_DUT_power("ON")
    device.start_measuring()
    adder = _Adder(device, volt)
    traits = Traits("ppk2", f"what the PPK2 feeds, {volt:g} V", INPUT, MEASURED, ENERGY, _READ_S, 1e-9, path)
    return Source(traits, adder.read, adder.close)


def _volt(text: str) -> float:
    with contextlib.suppress(ValueError):
        if _LEAST_MV <= int(text or _DEFAULT_MV) <= _MOST_MV:
            return int(text or _DEFAULT_MV) / 1000
    raise ConfigError(f"METER=ppk2:{text}: should be {_LEAST_MV} to {_MOST_MV} mV")


class _Adder:
    """Adds up what the device streams, from a thread of its own, which a broken stream must not end in silence."""

    def __init__(self, device: Any, volt: float, now: Callable[[], float] = time.monotonic) -> None:
        self._device, self._volt, self._now = device, volt, now
        self._joules, self._at, self._ending = 0.0, now(), threading.Event()
        self._fault: SensorError | None = None
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def read(self) -> float:
        if self._fault is not None:
            raise self._fault
        if self._now() - self._at > _LATE_S:
            raise SensorError(f"the PPK2 sent nothing for {_LATE_S:g} s")
        return self._joules

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        # The board stays fed: switching it off is not a meter's business.
        self._device.stop_measuring()

    def _loop(self) -> None:
        try:
            while not self._ending.wait(_READ_S):
                data = self._device.get_data()
                if data:
                    self._add(self._device.get_samples(data))
        except SensorError as error:
            self._fault = error
        except Exception as error:  # whatever the library raises, such as for a device that was unplugged
            self._fault = SensorError(f"the PPK2: {first_line(error)}")

    def _add(self, samples: Any) -> None:
        # Newer releases give the digital channels, too.
        microampere = samples[0] if isinstance(samples, tuple) else samples
        for one in microampere:
            if not -_MOST_UA <= one <= _MOST_UA:
                # A current that is lost is an energy that is too small: from here on there is none.
                raise NonsenseError(f"{one:g} uA, should be within {_MOST_UA:g}")
        self._joules += sum(microampere) * 1e-6 * self._volt * _SAMPLE_S
        self._at = self._now()
