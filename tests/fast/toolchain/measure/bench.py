"""A simulated board under the real agent: what the tests of whole measurements share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.doubles.sensors import Device, Load, PowerFile, Truth, hwmon
from toolchain.device.agent.discover import discover
from toolchain.device.agent.plan import Settings
from toolchain.device.agent.rawlog import RawLog
from toolchain.device.agent.recording import Header
from toolchain.device.agent.result import Result
from toolchain.device.agent.session import measure
from toolchain.device.agent.wire import plain

TRUE_J = 0.23e-3
EACH_S = 0.11e-3
START = 100.0
"""When the simulation begins. With a 35 ms sensor and no warm-up: probing to 102, unsampled to 112.7, then repeats."""
QUICK = Settings(warm_up_s=0.0)


class Bench:
    """A simulated ZCU104-like board in a folder.

    Attributes:
        device: its clock and load; sensor: its 12 V input; folder: where the agent writes.
    """

    def __init__(self, tmp: Path, *, seconds: float = 0.035, cost: float = 0.0, truth: Truth | None = None,
                 **sensor: Any) -> None:  # fmt: skip
        self.root, self.folder = tmp / "root", tmp / "out"
        self.device = Device(truth or Truth(), cost)
        place = hwmon(self.root, 3, "ina226_u183", update_interval=round(seconds * 1000))
        self.path = place / "power1_input"
        self.sensor = PowerFile(self.device, self.path, seconds, **sensor)
        self.load = Load(self.device, EACH_S)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen that many seconds after the start."""
        self.device.at.append((START + seconds, action))

    def close_sources(self) -> None:
        """Let go of the open files, as a driver that is unloaded makes reads of them fail."""
        for source in self.sources:
            source.close()

    def run(self, settings: Settings = QUICK, **more: Any) -> dict[str, Any]:
        """Measure; the result as its JSON is read."""
        found = discover(self.root, silent)
        self.sources = found.sources
        header = Header("zcu104", "cqmlp", unreadable=found.lost)
        arguments = {"root": self.root, "run": silent, **more}
        log: RawLog | None = arguments.pop("log", None)
        result = measure(self.load, self.sources, settings, self.device, self.folder, header, log=log, **arguments)
        return wire(result)


def wire(result: Result) -> Any:
    """A result as its JSON is read."""
    return json.loads(json.dumps(result, default=plain))


def silent(words: object) -> None:
    return None
