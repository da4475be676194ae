"""Lag, counts and the log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from toolchain.can.data.attacks import class_index
from toolchain.can.live.journal import Journal
from toolchain.can.live.lag import LagWatch
from toolchain.can.live.tally import Tally
from toolchain.errors import BuildError


def test_it_says_when_it_falls_behind_again_and_when_it_has_caught_up() -> None:
    watch = LagWatch()
    lags = {0: 0.1, 1: 1.2, 2: 3.0, 12: 4.0, 13: 0.5, 14: 0.1, 15: 0.1}
    said = {now: watch.update(now, lag, 7) for now, lag in lags.items()}
    assert {now: report.state for now, report in said.items() if report} == {1: "behind", 12: "behind", 14: "caught_up"}
    assert watch.worst == 4.0
    assert said[12] is not None
    assert (said[12].seconds, said[12].waiting) == (4.0, 7)


def test_accuracy_counts_what_is_known() -> None:
    tally = Tally(("normal", "dos", "rpm"))
    gear = class_index("gear")
    truth = np.array([0, 0, 0, 1, 1, gear, gear], np.uint8)
    tally.add(np.array([0, 0, 1, 1, 2, 2, 0]), truth)
    tally.add(np.array([2, 2]), None)
    said = tally.counts.to_json()
    assert said["judged"] == 9
    assert said["predicted"] == {"normal": 3, "dos": 2, "rpm": 4}
    accuracy = said["accuracy"]
    assert accuracy["right"] == pytest.approx(3 / 7)
    assert accuracy["detected"] == pytest.approx(3 / 4)
    assert accuracy["false_alarms"] == pytest.approx(1 / 3)
    assert accuracy["classes"]["gear"] == {"frames": 2, "right": 0, "called_attack": 0.5, "trained_on": False}
    assert list(accuracy["classes"]) == ["normal", "dos", "gear"]


def test_accuracy_is_not_guessed() -> None:
    tally = Tally(("normal", "dos"))
    tally.add(np.array([0, 1]), None)
    assert tally.accuracy() is None
    tally.add(np.array([0]), np.array([0], np.uint8))
    said = tally.accuracy().to_json()
    assert said is not None
    assert said["detected"] is None


def test_the_log_is_one_object_a_line_and_keeps_what_it_holds(tmp_path: Path) -> None:
    for number in range(2):
        journal = Journal(tmp_path / "new" / "log.jsonl")
        journal.write("opened", {"alert": number})
        journal.close()
    lines = (tmp_path / "new" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"event": "opened", "alert": 0}, {"event": "opened", "alert": 1}]


def test_a_full_disk_is_counted_and_nothing_else() -> None:
    journal = Journal(Path("/dev/full"))
    for _ in range(3):
        journal.write("opened", {})
    journal.close()
    assert journal.unwritten == 3


def test_a_torn_line_is_ended_before_the_next(tmp_path: Path) -> None:
    class Tearing:
        """A disk with room for 5 bytes more, then for everything."""

        def __init__(self) -> None:
            self.data, self.full = b"", True

        def write(self, raw: bytes) -> int:
            taken = raw[:5] if self.full else raw
            self.data, self.full = self.data + taken, False
            return len(taken)

        def close(self) -> None:
            pass

    journal, disk = Journal(tmp_path / "log"), Tearing()
    journal._stream = disk  # type: ignore[assignment]
    journal.write("a", {})
    journal.write("b", {})
    journal.write("c", {})
    assert disk.data.split(b"\n")[1:] == [b'{"event": "b"}', b'{"event": "c"}', b""]
    assert journal.unwritten == 1


def test_a_log_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="--log"):
        Journal(tmp_path)
