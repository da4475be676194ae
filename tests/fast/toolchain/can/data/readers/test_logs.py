"""Logs written by python-can; what is refused in them; their sidecars."""

from __future__ import annotations

import can
import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import HCRL
from toolchain.can.data.folder import read_folder
from toolchain.can.data.frames import Frames
from toolchain.errors import DataError

MESSAGES = [
    can.Message(1.0, 0x316, False, data=bytes(range(8))),
    can.Message(1.5, 0x18DAF110, True, data=b"\xaa\xbb"),
    can.Message(2.0, 0x100, False, is_remote_frame=True, dlc=4),
    can.Message(2.5, 0x7FF, False, data=b""),
]


def read_log(write, tmp_path, suffix: str, name: str | None = None) -> Frames:
    """Frames of the messages, written with python-can's logger of the suffix."""
    raw = tmp_path / f"raw{suffix}"
    with can.Logger(raw) as logger:
        for message in MESSAGES:
            logger.on_message_received(message)
    write(name or f"a{suffix}", raw.read_bytes())
    folder = read_folder(write("z/DoS.csv", HCRL))
    if suffix != ".trc":  # whose writer leaves remote frames out
        assert any("1 remote frames skipped" in n for n in folder.notices)
    return folder.frames.slice(*folder.frames.spans()[0])


@pytest.mark.parametrize("suffix", [".log", ".asc", ".blf", ".csv", ".db", ".trc"])
def test_log_of_every_kind(write, tmp_path, suffix):
    frames = read_log(write, tmp_path, suffix)
    assert frames.identifier.tolist() == [0x316, 0x18DAF110, 0x7FF]
    assert frames.length.tolist() == [8, 2, 0]
    assert frames.payload[1].tobytes().hex() == "aabb000000000000"
    assert np.allclose(np.diff(frames.time), [0.5, 1.0])
    assert not frames.label.any()


def test_kind_is_told_by_content(write, tmp_path):
    frames = read_log(write, tmp_path, ".log", "a.txt")
    assert len(frames) == 3


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("(1.1) can0 123#00F", "'00F' is not whole bytes"),
        ("(1.1) can0 123#0x", "'0x' is not whole bytes"),
        ("(1.1) can0", "expected a candump line"),
        ("(x) can0 123#00", "the time 'x' is no number of seconds"),
        ("(nan) can0 123#00", "the time 'nan' is no number of seconds"),
        ("(1e300) can0 123#00", "the time '1e300' is no number of seconds"),
        ("(1.1) can0 12 3#00", "expected a candump line"),
        ("(99999999999.0) can0 123#00", "is no number of seconds"),
        ("(1.1) can0 40000000#00", "29 bits"),
        ("\xff\xfe", "expected a candump line"),
        ("(1.1) can0 123#000000000000000000", "9 bytes"),
    ],
)
def test_malformed_candump_line_is_named(write, row, problem):
    lines = f"(1.000000) can0 123#00FF\n{row}\n".encode("latin-1")
    with pytest.raises(DataError, match=rf"a\.log:2: .*{problem}"):
        read_folder(write("a.log", lines))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.log", "(nan) can0 123#0102\n(1.0) can0 123#0102\n", 1),
        ("a.log", "(1.0) can0 123#0102\n(1e300) can0 123#0102\n", 2),
        ("a.log", "(nan)  can0  123   [2]  01 02\n", 1),
        ("a.asc", "base hex timestamps absolute\n-nan 1 123 Rx d 2 01 02\n", 2),
        ("a.asc", "nan 1 123 Rx d 2 01 02\n", 1),
        ("a.csv", "nan,0316,2,05,21,R\n1.0,0316,2,05,21,R\n", 1),
        ("a.csv", "1e300,0316,2,05,21,R\n1.0,0316,2,05,21,R\n", 1),
        ("a.csv", "timestamp,arbitration_id,extended,remote,error,dlc,data\ninf,0x123,0,0,0,1,AA==\n1,2\n", 2),
        ("a.txt", "Timestamp: inf ID: 0350 000 DLC: 1 05\n", 1),
        ("a.trc", ";##########\n1) x 0300 2 00 01\n", 2),
    ],
)
def test_a_time_that_is_none_is_named_with_its_line(write, name, text, line):
    with pytest.raises(DataError, match=rf"{name}:{line}: .*('|time )(-?nan|inf|1e\+?300|x)'? is no "):
        read_folder(write(name, text))


def test_truncated_blf_is_reported(write, tmp_path):
    raw = tmp_path / "raw.blf"
    with can.Logger(raw) as logger:
        for _ in range(100):
            logger.on_message_received(MESSAGES[0])
    write("z/DoS.csv", HCRL)
    with pytest.raises(DataError, match=r"a\.blf"):
        read_folder(write("a.blf", raw.read_bytes()[:100]))


def test_damaged_database_is_reported(write):
    with pytest.raises(DataError, match=r"a\.db:1: malformed log"):
        read_folder(write("a.db", b"SQLite format 3\0" + b"x" * 4096))


def test_log_named_after_an_attack_needs_a_sidecar(write):
    with pytest.raises(DataError, match=r"dos\.log:1: named dos.*dos\.log\.attacks\.csv"):
        read_folder(write("dos.log", "(1.0) can0 000#00\n"))


def test_sidecar_labels_intervals(write):
    lines = "".join(f"({100 + i}.0) can0 {16 * (i % 2):03X}#00\n" for i in range(6))
    write("dos.log", lines)
    data = write("dos.log.attacks.csv", "start,end,attack,identifier\n0,3,dos,10\n4,99,fuzzing,\n")
    assert read_folder(data).frames.label.tolist() == [0, 1, 0, 0, 2, 2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("start,end\n", 1),
        ("", 1),
        ("start,end,attack,identifier\n0,1,doss,\n", 2),
        ("start,end,attack,identifier\n0,1,dos,\n1,0,dos,\n", 3),
        ("start,end,attack,identifier\n0,1,dos,xyz\n", 2),
    ],
)
def test_malformed_sidecar_is_named(write, text, line):
    write("a.log", "(1.0) can0 000#00\n")
    with pytest.raises(DataError, match=rf"a\.log\.attacks\.csv:{line}: "):
        read_folder(write("a.log.attacks.csv", text))


def test_sidecar_without_its_log_is_refused(write):
    with pytest.raises(DataError, match=r"b\.log, which is not there"):
        read_folder(write("b.log.attacks.csv", "start,end,attack,identifier\n"))
