from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.can.live.alerts import Change, Hysteresis, Tracker

CLASSES = ("normal", "dos", "gear")


def tracker_of() -> Tracker:
    return Tracker(CLASSES, Hysteresis(frames=3, within=0.5, quiet=1.0, report=1.0))


def observe(
    tracker: Tracker, time: Sequence[float] | NDArray[np.float64], label: Sequence[int], identifier: int = 0x43F
) -> list[Change]:
    ids = np.full(len(time), identifier, np.uint32)
    return list(tracker.observe(np.array(time, np.float64), ids, np.array(label, np.int64)))


def kinds(changes: Sequence[Change]) -> list[str]:
    return [change.kind for change in changes]


def test_single_errors_of_the_network_are_no_alert() -> None:
    tracker = tracker_of()
    assert not observe(tracker, [0, 0.1, 0.2, 0.9, 1.8], [1, 0, 1, 1, 1])
    assert not list(tracker.finish())


def test_an_alert_begins_with_the_first_of_three_frames() -> None:
    [change] = observe(tracker_of(), [1.0, 1.1, 1.2, 1.3], [0, 2, 2, 2])
    assert change.kind == "opened"
    assert (change.alert.attack, change.alert.start, change.alert.last) == ("gear", 1.1, 1.3)
    assert change.alert.identifiers == {"43f": 3}


def test_one_attack_is_one_alert_that_grows() -> None:
    tracker = tracker_of()
    changes = [c for start in range(30) for c in observe(tracker, start / 10 + np.arange(0, 0.1, 0.01), [1] * 10)]
    changes += list(tracker.finish())
    assert kinds(changes) == ["opened", "grown", "grown", "closed"]
    assert {change.alert.alert for change in changes} == {1}
    frames = [change.alert.frames for change in changes]
    assert frames == sorted(frames)
    assert frames[-1] == 300


def test_it_ends_after_a_quiet_second_and_the_next_one_is_another() -> None:
    tracker = tracker_of()
    first = observe(tracker, [0, 0.1, 0.2, 1.1], [1, 1, 1, 1])
    second = observe(tracker, [2.3, 2.4, 2.5], [1, 1, 1])
    assert kinds(first + second) == ["opened", "closed", "opened"]
    assert [change.alert.alert for change in first + second] == [1, 1, 2]
    assert second[0].alert.frames == 4


def test_normal_frames_let_the_second_pass() -> None:
    tracker = tracker_of()
    observe(tracker, [0, 0.1, 0.2], [1, 1, 1])
    assert not observe(tracker, [1.1], [0])
    assert kinds(observe(tracker, [1.3], [0])) == ["closed"]


def test_a_silent_bus_lets_it_pass_too() -> None:
    tracker = tracker_of()
    observe(tracker, [0, 0.1, 0.2], [1, 1, 1])
    assert not list(tracker.idle(0.9))
    assert kinds(list(tracker.idle(1.1))) == ["closed"]
    assert not tracker.open


def test_two_attacks_at_once_are_two_alerts() -> None:
    tracker = tracker_of()
    changes = observe(tracker, np.arange(8) / 100, [1, 2] * 4)
    assert [change.alert.attack for change in changes] == ["dos", "gear"]
    assert [alert.number for alert in tracker.open] == [1, 2]


def test_a_clock_set_back_ends_the_alert() -> None:
    tracker = tracker_of()
    observe(tracker, [3600, 3600.1, 3600.2], [1, 1, 1])
    assert kinds(observe(tracker, [5.0], [0])) == ["closed"]


def test_random_identifiers_do_not_fill_the_memory() -> None:
    tracker, count = Tracker(CLASSES, Hysteresis(report=1e9)), 10_000
    time, label = np.arange(count) / 1e5, np.ones(count, np.int64)
    list(tracker.observe(time, np.arange(count, dtype=np.uint32), label))
    [alert] = tracker.open
    said = alert.state.to_json()
    assert said["frames"] == count
    assert said["distinct_identifiers"] + said["frames_of_uncounted_identifiers"] == count
    assert len(alert.identifiers) == 4096
    assert len(said["identifiers"]) == 8
