"""The four attacks of the Car-Hacking set, as a node that injects frames in bursts.

Rates and contents follow the set's description (H. M. Song et al., 2020), but an identifier alone
does not tell a spoofed frame: it bears a genuine identifier, a valid checksum and a running
counter, and its forged signal stays the same for a whole burst. The attacker does not know the
other signals of the message, and leaves them as recorded at standstill, engine idling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolchain.can.data.car.driving import Integers
from toolchain.can.data.car.messages import (
    BY_IDENTIFIER,
    ENGINE,
    GEARBOX,
    MESSAGES,
    payloads,
)
from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes

# Lengths of bursts and of the quiet between them.
_BURST_US = (1_500_000, 3_000_000)
_QUIET_US = (1_500_000, 3_500_000)

# Of 64 fuzzing frames, so many bear an identifier of the car, and so many identifier 0.
_FUZZ_LEGITIMATE, _FUZZ_ZERO = 8, 1


@dataclass(frozen=True)
class Injected:
    """Frames that an attacker wants to send: ready (microseconds), identifier, length, payload."""

    ready: Integers
    identifier: Integers
    length: Integers
    payload: Bytes


Forge = Callable[[Integers, np.random.Generator], Injected]
"""Makes the frames of one burst from the times at which they are ready."""


def inject(attack: str, duration_us: int, generator: np.random.Generator) -> Injected:
    """All frames of an attack over a capture, in bursts."""
    period_us, forge = ATTACKS[attack]
    bursts = [forge(np.arange(start, stop, period_us), generator) for start, stop in _bursts(duration_us, generator)]
    return Injected(
        np.concatenate([b.ready for b in bursts]),
        np.concatenate([b.identifier for b in bursts]),
        np.concatenate([b.length for b in bursts]),
        np.concatenate([b.payload for b in bursts]),
    )


def _bursts(duration_us: int, generator: np.random.Generator) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = int(generator.integers(*_QUIET_US))
    while start + _BURST_US[1] < duration_us:
        stop = start + int(generator.integers(*_BURST_US))
        spans.append((start, stop))
        start = stop + int(generator.integers(*_QUIET_US))
    return spans


def _flood(ready: Integers, generator: np.random.Generator) -> Injected:
    """Denial of service: identifier 0, which wins every arbitration, and eight zero bytes."""
    count = len(ready)
    zeros = np.zeros(count, np.int64)
    return Injected(ready, zeros, zeros + 8, np.zeros((count, PAYLOAD_BYTES), np.uint8))


def _fuzz(ready: Integers, generator: np.random.Generator) -> Injected:
    """Random identifiers and data; some identifiers are the car's own, with their length."""
    count = len(ready)
    choice = generator.integers(0, 64, count)
    known = np.array([m.identifier for m in MESSAGES])[generator.integers(0, len(MESSAGES), count)]
    identifier = np.where(choice < _FUZZ_LEGITIMATE, known, generator.integers(0, 0x800, count))
    identifier[choice >= 64 - _FUZZ_ZERO] = 0
    lengths = np.full(0x800, PAYLOAD_BYTES)
    lengths[[m.identifier for m in MESSAGES]] = [m.length for m in MESSAGES]
    length = lengths[identifier]
    payload = generator.integers(0, 256, (count, PAYLOAD_BYTES), np.uint8)
    payload[np.arange(PAYLOAD_BYTES) >= length[:, None]] = 0
    return Injected(ready, identifier, length, payload)


def _spoof_rpm(ready: Integers, generator: np.random.Generator) -> Injected:
    """A speed of the engine chosen for the burst, 1500 to 6000 rpm, with a little noise."""
    rpm = int(generator.integers(1500, 6000)) + generator.integers(-8, 9, len(ready))
    return _spoof(ENGINE, ready, {"rpm": 4 * rpm}, generator)


def _spoof_gear(ready: Integers, generator: np.random.Generator) -> Injected:
    """A gear chosen for the burst, with the selector in drive."""
    gear = int(generator.integers(1, 6))
    forged = {"gears": gear | gear << 4, "selector": 5}
    return _spoof(GEARBOX, ready, {k: np.full(len(ready), v) for k, v in forged.items()}, generator)


def _spoof(identifier: int, ready: Integers, forged: dict[str, Integers], generator: np.random.Generator) -> Injected:
    """A genuine message with some signals forged and the rest as recorded at standstill."""
    count, message = len(ready), BY_IDENTIFIER[identifier]
    recorded = {
        "torque": int(generator.integers(10, 15)),
        "request": 12,
        "friction": int(generator.integers(5, 7)),
        "shaft_in": 23,
        "shaft_out": 0,
        "oil": int(generator.integers(55, 100)),
        "moving": 0,
    }
    channels = {name: np.full(count, value) for name, value in recorded.items()} | forged
    counter = int(generator.integers(0, 16)) + np.arange(count)
    payload = payloads(message, channels, counter)
    return Injected(ready, np.full(count, identifier), np.full(count, message.length), payload)


# Period in microseconds and maker of each attack.
ATTACKS: dict[str, tuple[int, Forge]] = {
    "dos": (300, _flood),
    "fuzzing": (500, _fuzz),
    "gear": (1000, _spoof_gear),
    "rpm": (1000, _spoof_rpm),
}
