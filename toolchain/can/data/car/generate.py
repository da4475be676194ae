"""Captures of the synthetic car: one of normal traffic and one for each attack."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.can.data.attacks import NORMAL, class_index
from toolchain.can.data.car.bus import transmit
from toolchain.can.data.car.driving import STEP_US, Integers, drive
from toolchain.can.data.car.injection import ATTACKS, Injected, inject
from toolchain.can.data.car.messages import MESSAGES, payloads
from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Frames, concatenate, one_capture

DEFAULT_SECONDS = 30

# A frame is ready up to this share of its period (in 1/256) before or after it is due.
_JITTER = 6

_NOTHING = Injected(
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros((0, PAYLOAD_BYTES), np.uint8),
)


@dataclass(frozen=True)
class Car:
    """All captures of the car, and their provenance: name, sha256, format, frames, attacks."""

    frames: Frames
    captures: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class _Wanted:
    """All frames that wait for the bus, by time; `source` is a message's number, -1 if injected."""

    ready: Integers
    source: Integers
    identifier: Integers
    length: Integers
    payload: Bytes


def generate_car(seed: int, seconds: int = DEFAULT_SECONDS) -> Car:
    """Five captures of so many seconds each: normal, dos, fuzzing, gear, rpm.

    The default length gives some 315,000 frames, of which the attacks are a third.
    """
    names = ("normal", *ATTACKS)
    tables = [_capture(name, seed, number, seconds) for number, name in enumerate(names)]
    captures = tuple(_provenance(t, name, seed) for t, name in zip(tables, names, strict=True))
    return Car(concatenate(tables), captures)


def _capture(name: str, seed: int, number: int, seconds: int) -> Frames:
    generator = np.random.default_rng([seed, number])
    duration = seconds * 1_000_000
    channels = drive(duration, generator)
    injected = _NOTHING if name == "normal" else inject(name, duration, generator)
    wanted = _merge(_genuine(duration, generator), injected)
    # Each message has a mailbox of its own, and the attacker has one.
    rows, ends = transmit(wanted.ready, wanted.identifier, wanted.length, wanted.source)
    source = wanted.source[rows]
    payload = wanted.payload[rows]
    _fill_genuine(payload, source, wanted.ready[rows], channels)
    label = np.where(source < 0, class_index(name), NORMAL).astype(np.uint8)
    columns = (wanted.identifier[rows].astype(np.uint32), wanted.length[rows].astype(np.uint8))
    return one_capture(f"synthetic/{name}", ends / 1e6, *columns, payload, label)


def _genuine(duration: int, generator: np.random.Generator) -> list[Integers]:
    """When each message's frames are ready, microseconds, by message."""
    return [_due(message.period_us, duration, generator) for message in MESSAGES]


def _due(period: int, duration: int, generator: np.random.Generator) -> Integers:
    due = np.arange(int(generator.integers(0, period)), duration, period)
    jitter = max(1, period * _JITTER // 256)
    ready: Integers = due + generator.integers(-jitter, jitter + 1, len(due))
    return ready.clip(0)


def _merge(genuine: list[Integers], injected: Injected) -> _Wanted:
    """Genuine frames, their payloads still empty, and injected ones, in order of time."""
    source = np.repeat(np.arange(len(genuine)), [len(ready) for ready in genuine])
    of_message = np.array([[m.identifier, m.length] for m in MESSAGES])[source]
    blank = np.zeros((len(source), PAYLOAD_BYTES), np.uint8)
    ready = np.concatenate([*genuine, injected.ready])
    order = np.argsort(ready, kind="stable")
    sources = np.concatenate([source, np.full(len(injected.ready), -1)])
    identifier = np.concatenate([of_message[:, 0], injected.identifier])
    length = np.concatenate([of_message[:, 1], injected.length])
    payload = np.concatenate([blank, injected.payload])
    return _Wanted(*(column[order] for column in (ready, sources, identifier, length, payload)))


def _fill_genuine(payload: Bytes, source: Integers, ready: Integers, channels: Mapping[str, Integers]) -> None:
    """Write the payload of every genuine frame that was sent; each alive counter counts those."""
    step = ready // STEP_US
    for number, message in enumerate(MESSAGES):
        rows = np.flatnonzero(source == number)
        now = {name: values[step[rows]] for name, values in channels.items()}
        payload[rows] = payloads(message, now, number + np.arange(len(rows)))


def _provenance(frames: Frames, name: str, seed: int) -> dict[str, Any]:
    digest = hashlib.sha256()
    for column in (frames.time, frames.identifier, frames.length, frames.payload, frames.label):
        digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    count = int((frames.label != NORMAL).sum())
    return {
        "name": frames.captures[0],
        "sha256": digest.hexdigest(),
        "format": f"synthetic car, seed {seed}",
        "frames": len(frames),
        "attacks": {name: count} if count else {},
    }
