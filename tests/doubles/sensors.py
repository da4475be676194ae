"""A board in simulated time: a power that is known, sensors that show it as files, and a load.

Standard library only and Python 3.8: it also runs under the emulator, beside the agent.
"""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path

WIDTH = 16


@dataclass
class Truth:
    """The board's power: idle, what the load adds, and a drift (W, W, W/s)."""

    idle: float = 5.0
    load: float = 0.23e-3 / 0.11e-3
    drift: float = 0.005


class Device:
    """Time of the simulated board: what is busy since when, and all that happens as time passes.

    Args:
        cost: share by which polling slows the load down.
    """

    def __init__(self, truth: Truth, cost: float = 0.0) -> None:
        self.truth, self.cost = truth, cost
        self.time = 100.0
        self.busy_time = 0.0
        self.busy = False
        self.wall_offset = 1.6e9
        self.sensors: list = []
        self.at: list = []
        self._poll = None
        self._period = self._due = 0.0

    # The clock that the agent sees -------------------------------------------------------------------

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time + self.wall_offset

    def start(self, period, poll) -> None:
        self._poll, self._period, self._due = poll, period, self.time

    def stop(self) -> None:
        self._poll = None

    def sleep(self, seconds: float) -> None:
        end = self.time + seconds
        while self._poll is not None and self._due <= end:
            self._go_to(self._due)
            self._due += self._period
            self._poll()
        self._go_to(end)

    # What happens -------------------------------------------------------------------------------------

    @property
    def polled(self) -> bool:
        return self._poll is not None

    def _go_to(self, time: float) -> None:
        while self.at and self.at[0][0] <= time:
            self.at.pop(0)[1]()
        for sensor in self.sensors:
            sensor.go_to(time)
        self.busy_time += (time - self.time) * self.busy
        self.time = time

    def energy(self, time: float) -> float:
        """J since the start, at a time from the last change of the load on."""
        busy = self.busy_time + (time - self.time) * self.busy
        passed = time - 100.0
        return self.truth.idle * passed + self.truth.load * busy + self.truth.drift * passed**2 / 2


class Load:
    """Inferences of 0.11 ms each on the simulated board; starting takes a while, as a program does."""

    name = "simulated"

    def __init__(self, device: Device, each: float = 0.11e-3, pause: float = 0.3) -> None:
        self.device, self.each, self.pause = device, each, pause

    def run(self, seconds: float):
        from toolchain.device.agent.workload import Work

        each = self.each * (1 + self.device.cost * self.device.polled)
        count = max(1, round(seconds / each))
        self.device.sleep(self.pause)
        started, self.device.busy = self.device.time, True
        self.device.sleep(count * each)
        self.device.busy = False
        return Work(count, started, self.device.time, cycles=11 * count)


class PowerFile:
    """A sensor's file: the mean power of each conversion, with noise, in steps, in units.

    Args:
        seconds: of one conversion, or with `lag` the time constant of a first-order filter that is read 5 times in it.
        step: W of one step.
        noise: standard deviation of one conversion, W.
        unit: W of 1 in the file.
    """

    def __init__(self, device, path, seconds, step=0.025, noise=0.02, unit=1e-6, lag=False, seed=0, share=1.0) -> None:
        self.device, self.step, self.noise, self.unit, self.share = device, step, noise, unit, share
        self.every, self.constant = (seconds / 5, seconds) if lag else (seconds, 0.0)
        self.random = random.Random(seed)
        self.next = device.time + self.random.random() * self.every
        self.energy, self.shown, self.broken = device.energy(device.time), None, None
        self.value = device.truth.idle
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("0".rjust(WIDTH) + "\n")
        self.handle = os.open(path, os.O_WRONLY)
        self._show(device.truth.idle)
        device.sensors.append(self)

    def go_to(self, time: float) -> None:
        while self.next <= time:
            energy = self.device.energy(self.next)
            mean, self.energy = (energy - self.energy) / self.every, energy
            if self.constant:
                self.value += (mean - self.value) * (1 - math.exp(-self.every / self.constant))
                mean = self.value
            if self.next + self.every > time:
                self._show(mean)
            self.next += self.every

    def _show(self, watts: float) -> None:
        rounded = round((watts * self.share + self.random.gauss(0, self.noise)) / self.step) * self.step
        text = self.broken if self.broken is not None else str(round(rounded / self.unit))
        if text != self.shown:
            self.shown = text
            os.pwrite(self.handle, text.rjust(WIDTH).encode(), 0)


class EnergyFile:
    """RAPL's counter: uJ in steps of 61 uJ every millisecond, with a wrap."""

    def __init__(self, device, folder, name="package-0", wrap=262_143_328_850, start=0, seed=0) -> None:
        self.device, self.wrap, self.start = device, wrap, start
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(name + "\n")
        (folder / "max_energy_range_uj").write_text(f"{wrap}\n")
        (folder / "energy_uj").write_text(f"{start}".rjust(WIDTH) + "\n")
        self.handle = os.open(folder / "energy_uj", os.O_WRONLY)
        device.sensors.append(self)

    def go_to(self, time: float) -> None:
        shown = math.floor(time * 1000) / 1000
        joules = self.device.energy(max(shown, self.device.time))
        counter = (self.start + round(joules / 61e-6) * 61) % self.wrap
        os.pwrite(self.handle, str(counter).rjust(WIDTH).encode(), 0)


def hwmon(root: Path, index: int, name: str, **files: object) -> Path:
    """A folder of the hwmon class; `power1_label="x"` and the like become files."""
    folder = root / f"sys/class/hwmon/hwmon{index}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(name + "\n")
    for file, text in files.items():
        (folder / file).write_text(f"{text}\n")
    return folder
