"""How the synthetic car drives: slowly varying physical quantities on a grid of 10 ms.

All arithmetic is on integers, because transcendental functions and fused multiplication differ from
one machine to the next, and the car must be the same everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

STEP_US = 10_000

# Speed in 0.01 km/h from which each gear is used, and engine speed in 1/1000 rpm per 0.01 km/h.
_GEAR_FROM = np.array([1, 2000, 4000, 6000, 9000])
_RATIOS = np.array([0, 1500, 800, 540, 370, 270])
_IDLE_RPM, _LEAST_DRIVING_RPM = 750, 950
_TOP_SPEED = 13_000


def drive(duration_us: int, generator: np.random.Generator) -> dict[str, Integers]:
    """One drive: every channel by name, one non-negative 16-bit value per step, (steps,).

    A channel's unit is noted where it is computed; messages take its low or high byte.
    """
    steps = duration_us // STEP_US + 2
    speed = _speed(steps, generator)
    channels = {"speed": speed, **_power_train(speed, generator)}
    channels |= _chassis(speed, generator)
    channels |= _slow(steps, generator)
    return {name: values & 0xFFFF for name, values in channels.items()}


def _speed(steps: int, generator: np.random.Generator) -> Integers:
    """Speed in 0.01 km/h; one waypoint in four is a stop that lasts a while."""
    points = steps // 150 + 4
    stops = generator.integers(0, 4, points) == 0
    targets = np.where(stops, 0, generator.integers(800, _TOP_SPEED, points))
    times = np.cumsum(generator.integers(150, 500, 2 * points))
    return ramps(np.arange(steps), times - times[0], np.repeat(targets, 2))


def ramps(at: Integers, times: Integers, values: Integers) -> Integers:
    """Straight lines between the points (times, values), times ascending, in whole numbers."""
    right = np.searchsorted(times, at, side="right").clip(1, len(times) - 1)
    left = right - 1
    span = times[right] - times[left]
    line: Integers = values[left] + (values[right] - values[left]) * (at - times[left]) // span
    return line


def _power_train(speed: Integers, generator: np.random.Generator) -> dict[str, Integers]:
    """Engine and gearbox; standing, the gear is 0 and the engine idles."""
    steps = len(speed)
    gear = np.searchsorted(_GEAR_FROM, speed, side="right")
    noise = generator.integers(-8, 9, steps)
    driving = np.maximum(_LEAST_DRIVING_RPM, speed * _RATIOS[gear] // 1000)
    rpm = np.where(gear > 0, driving, _IDLE_RPM) + noise
    gain = np.diff(speed, append=speed[-1:])
    pedal = np.where(gear > 0, (20 + speed // 120 + 3 * gain).clip(0, 200), 0)
    torque = np.where(gear > 0, 30 + pedal, 12) + generator.integers(-2, 3, steps)
    return {
        "rpm": 4 * rpm,  # 0.25 rpm
        "gear": gear,
        "gears": gear | gear << 4,  # engaged, wanted
        "selector": np.where(gear > 0, 5, 0),
        "moving": np.minimum(gear, 1),
        "pedal": pedal,  # 0.5 %
        "torque": torque,  # 2 Nm
        "request": np.where(gear > 0, 28 + pedal, 12),
        "friction": rpm // 128,
        "shaft_in": rpm // 32,  # 32 rpm
        "shaft_out": (speed + 63) // 64,  # 0 only at standstill
        "brake": (-4 * gain).clip(0, 120),
        "braking": (gain < 0).astype(np.int64),
    }


def _chassis(speed: Integers, generator: np.random.Generator) -> dict[str, Integers]:
    """Steering, wheels and accelerations; 0x800 is straight ahead or at rest."""
    steps = len(speed)
    points = steps // 100 + 4
    times = np.cumsum(generator.integers(60, 200, points))
    angle = ramps(np.arange(steps), times - times[0], generator.integers(-400, 401, points))
    angle = np.where(speed > 0, angle, 0)
    slip = generator.integers(-6, 7, (4, steps)) * (speed > 0)
    names = ("wheel_fl", "wheel_fr", "wheel_rl", "wheel_rr")
    wheels = {name: (speed + s).clip(0) for name, s in zip(names, slip, strict=True)}
    yaw = angle * (speed // 64) // 256
    return (
        wheels
        | {
            "steering": 0x800 + angle,  # 0.1 degrees
            "steering_rate": 0x80 + np.diff(angle, append=angle[-1:]),
            "yaw": 0x800 + yaw,
            "lateral": 0x800 + yaw * (speed // 128) // 64,
        }
    )


def _slow(steps: int, generator: np.random.Generator) -> dict[str, Integers]:
    """Temperatures, levels, clock and switches."""
    seconds = np.arange(steps) * STEP_US // 1_000_000
    start = generator.integers(0, 40)
    minute, switches = generator.integers(0, 60), generator.integers(0, 16, 4)
    phase = np.arange(steps) // 300
    return {
        "coolant": 60 + start + seconds // 8,  # degrees + 40
        "oil": 55 + start + seconds // 11,
        "outside": np.full(steps, 50 + start // 4),
        "fuel": 180 - start - seconds // 60,
        "battery": 140 + generator.integers(0, 4, steps),  # 0.1 V
        "seconds": seconds % 60,
        "minutes": (minute + seconds // 60) % 60,
        "odometer": 40_000 + seconds // 5,
        "lights": np.full(steps, switches[0]),
        "climate": switches[1] + phase % 4,
        "doors": np.full(steps, switches[2] & 1),
        "wiper": phase % 3,
    }
