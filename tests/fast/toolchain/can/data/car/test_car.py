from __future__ import annotations

import numpy as np
import pytest

from toolchain.can.data.attacks import CLASSES, class_index
from toolchain.can.data.car import Car, generate_car
from toolchain.can.data.car.bus import frame_us, transmit
from toolchain.can.data.car.driving import ramps
from toolchain.can.data.car.messages import BY_IDENTIFIER, ENGINE, GEARBOX, MESSAGES
from toolchain.can.data.frames import Frames

EXPECTED = [
    "63bca452a10bb86a",
    "72cd27d605c5cd70",
    "994896fba7837bdc",
    "db1e752fdc251386",
    "b1f28ef20cba6ebb",
]


@pytest.fixture(scope="module")
def car() -> Car:
    return generate_car(1, seconds=10)


def capture(car: Car, name: str) -> Frames:
    number = car.frames.captures.index(f"synthetic/{name}")
    return car.frames.slice(*car.frames.spans()[number])


def test_same_seed_same_bytes_on_every_machine(car):
    # Written down once; a change means that every synthetic figure must be measured again.
    assert [c["sha256"][:16] for c in car.captures] == EXPECTED
    other = generate_car(2, seconds=10)
    assert not {c["sha256"] for c in car.captures} & {c["sha256"] for c in other.captures}


def test_captures_and_their_attacks(car):
    names = ("normal", "dos", "fuzzing", "gear", "rpm")
    assert car.frames.captures == tuple(f"synthetic/{name}" for name in names)
    for name, provenance in zip(names, car.captures, strict=True):
        label = capture(car, name).label
        assert set(label.tolist()) == {0, class_index(name)}
        assert provenance["frames"] == len(label)
        assert sum(provenance["attacks"].values()) == (label > 0).sum()


def test_frames_never_overlap_on_the_bus(car):
    for start, stop in car.frames.spans():
        part = car.frames.slice(start, stop)
        end = np.round(part.time * 1e6).astype(np.int64)
        begin = end - frame_us(part.length.astype(np.int64))
        assert (begin[1:] >= end[:-1]).all()


def test_messages_keep_their_periods(car):
    normal = capture(car, "normal")
    assert 30 <= len(MESSAGES) <= 40
    for message in MESSAGES:
        times = normal.time[normal.identifier == message.identifier]
        mean = (times[-1] - times[0]) / (len(times) - 1)
        assert mean == pytest.approx(message.period_us / 1e6, rel=0.02)
        assert (normal.length[normal.identifier == message.identifier] == message.length).all()


@pytest.mark.parametrize(
    ("name", "period_us", "least"),
    [("dos", 300, 0.95), ("fuzzing", 500, 0.85), ("gear", 1000, 0.9), ("rpm", 1000, 0.95)],
)
def test_attack_rates_and_bursts(car, name, period_us, least):
    part = capture(car, name)
    times = part.time[part.label > 0]
    bursts = np.split(times, np.flatnonzero(np.diff(times) > 1.0) + 1)
    for burst in bursts:
        assert 1.4 < burst[-1] - burst[0] < 3.1
        wanted = (burst[-1] - burst[0]) * 1e6 / period_us
        assert least * wanted <= len(burst) <= wanted + 2


def test_counters_and_checksums_are_valid_in_genuine_and_forged_frames(car):
    for name in ("normal", "gear", "rpm"):
        part = capture(car, name)
        for identifier in (ENGINE, GEARBOX):
            rows = part.identifier == identifier
            payload = part.payload[rows]
            header = identifier & 0xFF ^ identifier >> 8
            assert (np.bitwise_xor.reduce(payload, axis=1) == header).all()
            genuine = payload[part.label[rows] == 0, 6] & 0xF
            assert (np.diff(genuine.astype(int)) % 16 == 1).all()


def test_spoofed_frames_have_the_genuine_identifier_and_plausible_values(car):
    rpm, gear = capture(car, "rpm"), capture(car, "gear")
    forged = rpm.payload[rpm.label > 0]
    assert (rpm.identifier[rpm.label > 0] == ENGINE).all()
    value = (forged[:, 2] + 256 * forged[:, 3].astype(int)) / 4
    assert ((value > 1400) & (value < 6100)).all()
    assert (gear.identifier[gear.label > 0] == GEARBOX).all()
    assert set((gear.payload[gear.label > 0, 1] & 0xF).tolist()) <= {1, 2, 3, 4, 5}


def test_fuzzing_also_hits_the_cars_identifiers_and_zero(car):
    part = capture(car, "fuzzing")
    fuzzed = part.identifier[part.label > 0]
    share = np.isin(fuzzed, list(BY_IDENTIFIER)).mean()
    assert 0.08 < share < 0.25
    assert (fuzzed == 0).any()
    assert (part.payload[np.arange(8) >= part.length[:, None]] == 0).all()


def test_labels_are_classes(car):
    assert {CLASSES[label] for label in np.unique(car.frames.label)} == {
        "normal",
        "dos",
        "fuzzing",
        "gear",
        "rpm",
    }


def test_bus_arbitrates_and_mailboxes_overwrite():
    ready = np.array([0, 10, 20, 30, 40])
    identifier = np.array([5, 7, 3, 7, 3])
    length = np.full(5, 8)
    rows, ends = transmit(ready, identifier, length, np.array([0, 1, 2, 1, 3]))
    # 5 holds the bus; then both 3s, the earlier first; the second 7 replaced the first.
    assert rows.tolist() == [0, 2, 4, 3]
    assert np.diff(ends).tolist() == [240, 240, 240]


def test_ramps_are_exact_lines():
    line = ramps(np.arange(11), np.array([0, 4, 10]), np.array([0, 8, -10]))
    assert line.tolist() == [0, 2, 4, 6, 8, 5, 2, -1, -4, -7, -10]
