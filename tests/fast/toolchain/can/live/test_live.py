from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.can.live.made import CLASSES, DOS, RPM, WINDOW, detector, frames, network
from toolchain.can.live.alerts import Change
from toolchain.can.live.batch import EMPTY, Batch, Origin
from toolchain.can.live.classify import BoardClassifier, IntegerClassifier
from toolchain.can.live.lag import LagReport
from toolchain.can.live.live import Live
from toolchain.errors import ToolError
from toolchain.training.dataset import unpack


class Notes:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.alerts: dict[int, dict[str, Any]] = {}

    def changed(self, change: Change) -> None:
        self.said.append(f"{change.kind} {change.alert.attack}")
        self.alerts[change.alert.alert] = change.alert

    def lagged(self, report: LagReport) -> None:
        self.said.append(report.state)

    def lost(self, count: int) -> None:
        self.said.append(f"lost {count}")

    def advanced(self, live: Live) -> None:
        pass


class Board:
    """A driver that answers packed vectors as the network would; `bad` adds an answer that is no class."""

    def __init__(self, bad: int | None = None) -> None:
        self.bad, self.calls = bad, 0

    def infer_many(self, vectors: Sequence[bytes]) -> list[tuple[int, ...]]:
        self.calls += 1
        packed = np.frombuffer(b"".join(vectors), np.uint8).reshape(len(vectors), -1)
        labels = [int(label) for label in network().run(unpack(packed, "BINARY", network().inputs)).labels]
        return [(label,) for label in (labels if self.bad is None else [self.bad, *labels[1:]])]


def live(notes: Notes, classifier: Any = None) -> Live:
    return Live(detector(), classifier or IntegerClassifier(network()), (notes,))


def cut(batch: Batch, size: int) -> Iterator[Batch]:
    for start in range(0, len(batch.frames), size):
        yield Batch(batch.frames.slice(start, start + size), batch.labelled, start == 0)


TRAFFIC = frames([5, 6] * 10 + [DOS] * 30 + [7] * 10 + [RPM] * 8 + [9], [0] * 20 + [1] * 30 + [0] * 10 + [4] * 8 + [0])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_attacks_become_alerts_however_frames_are_cut(size: int) -> None:
    notes = Notes()
    run = live(notes)
    run.run(cut(Batch(TRAFFIC, labelled=True), size))
    assert notes.said == ["opened dos", "opened rpm", "closed dos", "closed rpm"]
    assert [(a.frames, a.identifiers) for a in notes.alerts.values()] == [(30, {"000": 30}), (8, {"316": 8})]
    assert notes.alerts[1].start == pytest.approx(0.020)
    said = run.summary().to_json()
    assert (said["frames"], said["judged"], said["alerts"]) == (len(TRAFFIC), len(TRAFFIC) - WINDOW + 1, 2)
    assert said["accuracy"]["right"] == 1.0
    assert said["trained_on"] == "synthetic"


def test_a_board_gives_the_same_alerts() -> None:
    notes, board = Notes(), Board()
    live(notes, BoardClassifier("board", board, "BINARY", len(CLASSES))).run(cut(Batch(TRAFFIC), 20))
    assert notes.said == ["opened dos", "opened rpm", "closed dos", "closed rpm"]
    assert board.calls == 4


@pytest.mark.parametrize("bad", [3, -1])
def test_a_board_that_answers_no_class_ends_the_run_with_its_alerts(bad: int) -> None:
    notes, board = Notes(), Board()
    run = live(notes, BoardClassifier("the board", board, "BINARY", len(CLASSES)))

    def batches() -> Iterator[Batch]:
        for batch in cut(Batch(TRAFFIC), 35):
            yield batch
            board.bad = bad

    with pytest.raises(ToolError, match="the board"):
        run.run(batches())
    assert notes.said == ["opened dos", "closed dos"]


def test_after_lost_frames_windows_begin_anew_and_the_loss_is_told() -> None:
    notes = Notes()
    run = live(notes)
    run.run([Batch(TRAFFIC.slice(0, 30)), Batch(TRAFFIC.slice(40, 50), fresh=True, lost=10)])
    assert notes.said == ["opened dos", "lost 10", "closed dos"]
    said = run.summary().to_json()
    assert (said["frames"], said["judged"], said["lost"]) == (40, 40 - 2 * (WINDOW - 1), 10)
    assert notes.alerts[1].frames == 10 + 9


def test_an_alert_ends_with_its_capture() -> None:
    notes = Notes()
    live(notes).run([Batch(TRAFFIC.slice(0, 30), fresh=True), Batch(TRAFFIC.slice(30, 50), fresh=True)])
    assert notes.said == ["opened dos", "closed dos", "opened dos", "closed dos"]


def test_an_alert_tells_the_bus_it_was_raised_on() -> None:
    notes, origins = Notes(), (Origin("can0"), Origin("can1", "b.log"))
    live(notes).run(Batch(TRAFFIC, fresh=True, origin=origin) for origin in origins)
    told = [(alert.attack, alert.bus, alert.capture) for alert in notes.alerts.values()]
    assert told == [(attack, bus, name) for bus, name in (("can0", None), ("can1", "b.log")) for attack in CLASSES[1:]]


def test_a_silent_bus_ends_an_alert() -> None:
    notes = Notes()
    live(notes).run([Batch(TRAFFIC.slice(0, 40)), Batch(EMPTY, idle=1), Batch(EMPTY, idle=3), Batch(EMPTY, idle=4)])
    assert notes.said == ["opened dos", "closed dos"]


def test_falling_behind_is_told() -> None:
    notes = Notes()
    lags = (0.0, 2.0, 0.0)
    live(notes).run([Batch(TRAFFIC.slice(i, i + 1), lag=lag) for i, lag in enumerate(lags)])
    assert notes.said == ["behind", "caught_up"]


def test_it_stops_between_batches_and_ends_its_alerts() -> None:
    notes = Notes()
    run = live(notes)
    run.run(cut(Batch(TRAFFIC), 15), stop=lambda: run.tally.frames >= 30)
    assert run.tally.frames == 30
    assert notes.said == ["opened dos", "closed dos"]


def test_a_limit_of_frames_holds() -> None:
    run = live(Notes())
    run.run(cut(Batch(TRAFFIC), 15), frames=33)
    assert run.tally.frames == 33
