from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.can.live.made import frames, write_hcrl
from toolchain.can.data.attacks import class_index
from toolchain.can.live.batch import Origin, limited
from toolchain.can.live.capture import CaptureSource
from toolchain.can.live.pipe import Spool
from toolchain.errors import DataError

CANDUMP = "(1.000000) can0 123#0102\n(1.500000) can0 000#\n(2.500000) can0 124#FF\n"


class Played:
    """A clock that only moves when somebody sleeps, or works for `work` seconds before he looks again."""

    def __init__(self, work: float = 0.0) -> None:
        self.time, self.work, self.slept = 100.0, work, 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


def test_a_capture_comes_whole_in_batches_with_its_labels(tmp_path: Path) -> None:
    table = frames([1, 2, 0, 0, 5], [0, 0, 1, 1, 0])
    source = CaptureSource(write_hcrl(tmp_path / "dos.csv", table))
    batches = list(source.batches(2))
    assert [len(batch.frames) for batch in batches] == [2, 2, 1]
    assert [batch.fresh for batch in batches] == [True, False, False]
    for column in ("identifier", "length", "payload", "label"):
        whole = np.concatenate([getattr(batch.frames, column) for batch in batches])
        assert np.array_equal(whole, getattr(table, column))
    assert all(batch.labelled for batch in batches)
    assert not source.notices


def test_the_folders_name_may_tell_the_attack(tmp_path: Path) -> None:
    folder = tmp_path / "rpm"
    folder.mkdir()
    [batch] = CaptureSource(write_hcrl(folder / "a.csv", frames([1, 2], [0, 1]))).batches(9)
    assert batch.frames.label.tolist() == [0, class_index("rpm")]


def test_flags_of_an_unknown_attack_are_no_labels(tmp_path: Path) -> None:
    source = CaptureSource(write_hcrl(tmp_path / "a.csv", frames([1, 2], [0, 1])))
    [batch] = source.batches(9)
    assert not batch.labelled
    assert "no labels" in source.notices[0]


def test_a_log_without_labels_is_watched_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "dos.log").write_text(CANDUMP)
    source = CaptureSource(tmp_path / "dos.log")
    [batch] = source.batches(9)
    assert batch.frames.identifier.tolist() == [0x123, 0, 0x124]
    assert not batch.labelled


def test_a_log_may_have_a_sidecar(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(CANDUMP)
    (tmp_path / "a.log.attacks.csv").write_text("start,end,attack,identifier\n0.4,0.6,dos,000\n")
    for path in (tmp_path / "a.log", tmp_path):
        [batch] = CaptureSource(path).batches(9)
        assert batch.labelled
        assert batch.frames.label.tolist() == [0, 1, 0]


def test_every_capture_of_a_zip_begins_anew(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("a.log", CANDUMP)
        archive.writestr("b.log", CANDUMP)
    assert [batch.fresh for batch in CaptureSource(tmp_path / "both.zip").batches(2)] == [True, False, True, False]


@pytest.mark.parametrize("text", ["# notes\n", "// A program.\n#include <cstdio>\n", "; a program\n;-----\nmov a, b\n"])
def test_what_is_no_capture_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.cpp").write_text(text)
    with pytest.raises(DataError, match=r"notes\.cpp: no CAN capture; formats that can be read"):
        CaptureSource(tmp_path / "notes.cpp")


def test_what_is_not_there_is_named_as_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "loop.log").symlink_to("loop.log")
    (tmp_path / "gone.log").symlink_to("nowhere.log")
    for name, reason in (("absent", "no such file"), ("gone", "no such file"), ("loop", "a loop of links")):
        with pytest.raises(DataError, match=rf"^--capture {tmp_path}/{name}\.log: {reason}$"):
            CaptureSource(tmp_path / f"{name}.log")


def test_a_replay_keeps_the_recorded_pace(tmp_path: Path) -> None:
    path, clock = write_hcrl(tmp_path / "dos.csv", frames([1] * 21, step=0.5)), Played()
    batches = list(CaptureSource(path, 2.0, clock).batches(100))
    assert [len(batch.frames) for batch in batches if len(batch.frames)] == [1] * 21
    assert max(batch.idle for batch in batches) == pytest.approx(0.4)
    assert clock.slept == pytest.approx(5.0)
    assert max(batch.lag for batch in batches) < 0.001


def test_a_replay_that_is_judged_too_slowly_falls_behind_and_loses_nothing(tmp_path: Path) -> None:
    path, clock = write_hcrl(tmp_path / "dos.csv", frames([1] * 100, step=0.1)), Played()
    batches = []
    for batch in CaptureSource(path, 1.0, clock).batches(4):
        batches.append(batch)
        clock.time += 1.0
    assert sum(len(batch.frames) for batch in batches) == 100
    assert batches[-1].lag > 10
    assert max(batch.waiting for batch in batches) > 50


@pytest.mark.parametrize(
    ("most", "expected"), [(None, [2, 2, 1]), (5, [2, 2, 1]), (3, [2, 1]), (2, [2]), (99, [2, 2, 1])]
)
def test_a_limit_ends_it_to_the_frame(tmp_path: Path, most: int | None, expected: list[int]) -> None:
    batches = CaptureSource(write_hcrl(tmp_path / "dos.csv", frames([1] * 5))).batches(2)
    assert [len(batch.frames) for batch in limited(batches, most)] == expected


TWO_BUSES = "".join(f"({100 + k}.0) can{k % 2} 10{k % 2}#00\n" for k in range(10))


def test_windows_of_two_buses_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(TWO_BUSES)
    source = CaptureSource(tmp_path / "a.log")
    batches = list(source.batches(3))
    assert [batch.fresh for batch in batches] == [True, False, True, False]
    assert all(len(set(batch.frames.identifier.tolist())) == 1 for batch in batches)
    assert source.notices[0] == "a.log: 2 buses (can0, can1), each by itself"
    assert [batch.origin.bus for batch in batches] == ["can0", "can0", "can1", "can1"]


def test_frames_say_which_of_several_captures_they_are_of(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(CANDUMP)
    assert [batch.origin for batch in CaptureSource(tmp_path / "a.log").batches(9)] == [Origin("can0")]
    write_hcrl(tmp_path / "b.csv", frames([1]))
    paced = CaptureSource(tmp_path, 1.0, Played())
    assert {batch.origin for batch in paced.batches(9)} == {Origin("can0", "a.log"), Origin(None, "b.csv")}


def test_one_bus_may_be_chosen_with_the_labels_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(TWO_BUSES)
    (tmp_path / "a.log.attacks.csv").write_text("start,end,attack,identifier\n2,4,dos,\n")
    [batch] = CaptureSource(tmp_path / "a.log", bus="can1").batches(99)
    assert batch.frames.identifier.tolist() == [0x101] * 5
    assert batch.frames.label.tolist() == [0, 1, 0, 0, 0]
    with pytest.raises(DataError, match=r"a\.log: no bus 'can2'; its buses: can0, can1"):
        list(CaptureSource(tmp_path / "a.log", bus="can2").batches(99))


def test_identifiers_that_are_one_to_the_network_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("(1.0) can0 04394100#00\n(1.1) can0 0E394100#00\n(1.2) can0 04394101#00\n")
    source = CaptureSource(tmp_path / "a.log")
    list(source.batches(9))
    assert source.notices[0].startswith("a.log: 3 identifiers are 2 to the network")


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.log"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(CANDUMP,))
    writer.start()
    source = CaptureSource(pipe)
    writer.join()
    [batch] = source.batches(9)
    [copy] = [stream.path for stream, _ in source._streams]
    source.close()
    assert batch.frames.identifier.tolist() == [0x123, 0, 0x124]
    assert not copy.exists()


def test_a_pipe_that_nobody_writes_into_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"pipe: nothing was written into this pipe for 0\.05 s"):
        Spool(tmp_path / "pipe", seconds=0.05)


def test_a_pace_needs_times(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("  can0  123   [1]  00\n")
    with pytest.raises(DataError, match="no times that --pace could keep to"):
        list(CaptureSource(tmp_path / "a.log", 1.0).batches(9))


def test_what_is_being_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(CANDUMP * 40_000)
    source = CaptureSource(tmp_path / "a.log")
    told = [source.doing]
    next(source.batches(9))
    assert [*told, source.doing] == [f"reading {tmp_path / 'a.log'}", "reading a.log: 2 MiB"]
