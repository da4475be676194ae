"""Every log format: what is no data frame of classic CAN is skipped, counted and said; the rest is read."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import can
import numpy as np
import pytest

from toolchain.can.data.readers import find_reader, read_capture
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source
from toolchain.errors import DataError

ASC = "date Mon Sep 30 03:06:13.191 pm 2020\nbase hex  timestamps {}\ninternal events logged\n"

ERROR, REMOTE, LONG = (
    "1 error frames skipped",
    "1 remote frames skipped",
    "1 CAN-FD frames of more than 8 bytes skipped",
)


def read(path: Path, content: str | bytes) -> Records:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source(path.name, path)
    reader = find_reader(source)
    assert reader is not None
    return read_capture(source, reader)


def must_be_two_frames(records: Records) -> None:
    assert records.identifier.tolist() == [0x123, 0x7FF]
    assert records.length.tolist() == [2, 8]
    assert [data.tobytes().hex() for data in records.payload] == ["01ff000000000000", "0102030405060708"]


LOG = """(1.000000) can0 123#01FF
(1.100000) can0 20000004#0004000000000000
(1.200000) can0 123#R8
(1.300000) can0 123##1{}
(1.400000) can0 00123#80:11:00000000#112233
(1.500000) can0 7FF#0102030405060708_E R
""".format("AB" * 64)

CONSOLE = """ (1.000000)  can0  123   [2]  01 FF
 (1.100000)  can0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME
\tcontroller-problem{rx-error-warning}
 (1.200000)  can0  123   [8]  remote request
 (1.300000)  can0  123  [12]  01 02 03 04 05 06 07 08 09 0A 0B 0C
 (1.500000)  can0  7FF   [8]  01 02 03 04 05 06 07 08   '........'
"""

VECTOR = (
    ASC.format("absolute")
    + """   1.000000 1  123             Rx   d 2 01 FF
   1.100000 1  ErrorFrame Flags = 0xe CodeExt = 0x20a2
   1.200000 1  1F334455x Rx r 8
   1.300000 CANFD   1 Rx        123  Name  1 0 9 12 01 02 03 04 05 06 07 08 09 0A 0B 0C  1 2 3
   1.400000 1  Statistic: D 100 R 0 XD 0 XR 0 E 0 O 0 B 2.12%
   1.500000 1  7FF             Rx   d f 01 02 03 04 05 06 07 08  Length = 240000
End TriggerBlock
"""
)

PEAK = """;$FILEVERSION=2.1
;$STARTTIME=44000.5
;$COLUMNS=N,O,T,B,I,d,R,L,D
 1 1000.0 DT 1 0123 Rx - 2 01 FF
 2 1100.0 ER 1 -    Rx - 5 04 00 01 02 03
 3 1200.0 RR 1 0123 Rx - 8
 4 1300.0 FD 1 0123 Rx - 9 01 02 03 04 05 06 07 08 09 0A 0B 0C
 5 1400.0 ST 1 -    Rx - 4 00 00 00 00
 6 1500.0 DT 1 07FF Rx - 9 01 02 03 04 05 06 07 08
"""

GVRET = """Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8
1000000,00000123,false,Rx,0,2,01,FF,
1100000,20000004,false,Rx,0,8,00,04,00,00,00,00,00,00
1300000,00000123,false,Rx,0,12,01,02,03,04,05,06,07,08,09,0A,0B,0C
1500000,000007FF,false,Rx,0,8,01,02,03,04,05,06,07,08
"""

PYTHON_CAN = """timestamp,arbitration_id,extended,remote,error,dlc,data
1.0,0x123,0,0,0,2,Af8=
1.1,0x4,0,0,1,8,AAAAAAAAAAA=
1.2,0x123,0,1,0,8,
1.3,0x123,0,0,0,12,AQIDBAUGBwgJCgsM
1.5,0x7ff,0,0,0,8,AQIDBAUGBwg=
"""


@pytest.mark.parametrize(
    ("name", "content", "notices"),
    [
        ("a.log", LOG, (ERROR, REMOTE, LONG, "1 CAN XL frames skipped")),
        ("b.log", CONSOLE, (ERROR, REMOTE, LONG)),
        ("c.asc", VECTOR, (ERROR, REMOTE, LONG, "1 entries that are no CAN frames skipped")),
        ("d.trc", PEAK, (ERROR, REMOTE, LONG, "1 entries that are no CAN frames skipped")),
        ("e.csv", GVRET, (ERROR, LONG)),
        ("e.csv", GVRET.replace("Dir,", "").replace("Rx,", ""), (ERROR, LONG)),
        ("f.csv", PYTHON_CAN, (ERROR, REMOTE, LONG)),
    ],
)
def test_what_is_no_frame_is_counted(tmp_path, name, content, notices):
    records = read(tmp_path / name, content)
    must_be_two_frames(records)
    assert records.notices == notices
    assert np.diff(records.time).tolist() == pytest.approx([0.5])


MESSAGES = [
    can.Message(1.0, 0x123, False, data=b"\x01\xff", channel=0),
    can.Message(1.1, 0x4, False, is_error_frame=True, data=bytes(8), dlc=8, channel=0),
    can.Message(1.2, 0x123, False, is_remote_frame=True, dlc=4, channel=0),
    can.Message(1.3, 0x123, False, is_fd=True, data=bytes(12), channel=0),
    can.Message(1.5, 0x7FF, False, data=bytes(range(1, 9)), channel=0),
]


@pytest.mark.parametrize("suffix", [".blf", ".db"])
def test_what_is_no_frame_is_counted_in_binary_logs(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with can.Logger(path) as logger:
        for message in MESSAGES:
            logger.on_message_received(message)
    records = read(path, path.read_bytes())
    must_be_two_frames(records)
    assert records.notices == (ERROR, REMOTE, LONG)


def blf(path: Path, count: int) -> bytes:
    writer = can.BLFWriter(path)
    for k in range(count):
        writer.on_message_received(can.Message(1.6e9 + k / 1000, k & 0x7FF, False, data=bytes(8), channel=k % 2))
    writer.stop()
    return path.read_bytes()


def test_blf_is_what_python_can_reads(tmp_path):
    records = read(tmp_path / "b.blf", blf(tmp_path / "a.blf", 5000))
    with can.BLFReader(tmp_path / "a.blf") as reader:
        messages = list(reader)
    assert records.time.tolist() == [message.timestamp for message in messages]
    assert records.identifier.tolist() == [message.arbitration_id for message in messages]
    assert (records.buses, records.notices) == (("1", "2"), ())


def test_a_blf_that_is_cut_tells_what_is_lost(tmp_path):
    raw = blf(tmp_path / "a.blf", 5000)
    records = read(tmp_path / "b.blf", raw[: len(raw) * 2 // 3])
    assert 0 < len(records) < 5000
    assert records.notices == (f"cut short: {len(records):,} of 5,000 objects are there; what follows is lost",)


@pytest.mark.parametrize("size", [0, 15, 0xFFFFFFFF])
def test_a_blf_object_of_no_size_ends_in_an_error(tmp_path, size):
    raw = bytearray(blf(tmp_path / "a.blf", 10))
    first = struct.unpack_from("<I", raw, 4)[0]
    struct.pack_into("<I", raw, first + 8, size)
    with pytest.raises(DataError, match=r"b\.blf:\d+: an object of \d+ bytes"):
        read(tmp_path / "b.blf", bytes(raw))


@pytest.mark.parametrize("base", ["hex", "dec"])
def test_relative_times_of_an_asc_are_added_up(tmp_path, base):
    """An event between two frames counts as well."""
    frame = "   0.010000 1  {} Rx d 2 {}\n".format(*(("7B", "0A FF") if base == "hex" else ("123", "10 255")))
    head = ASC.format("relative").replace("hex", base) + "   0.000000 Start of measurement\n"
    records = read(tmp_path / "a.asc", head + frame * 300 + "   1.000000 1  Statistic: D 1\n" + frame)
    assert records.time.tolist() == [*(k / 100 for k in range(1, 301)), 4.01]
    assert set(records.identifier.tolist()) == {0x7B}
    assert set(map(tuple, records.payload[:, :2].tolist())) == {(0x0A, 0xFF)}
    assert "times are distances from line to line: added up" in records.notices


def test_negative_times_of_an_asc_are_read(tmp_path):
    lines = "".join(f"   {k / 100 - 1:.6f} 1  123 Rx d 1 00\n" for k in range(200))
    assert len(read(tmp_path / "a.asc", ASC.format("absolute") + lines)) == 200


@pytest.mark.parametrize(
    "line", ["   1.0 1  123 Rx d 4 01 02", "   1.0 1  123 Rx d", "   1.0 1  123 Rx d 1 zz", "   1.0 1  123 Rx"]
)
def test_a_frame_of_an_asc_that_is_cut_is_named(tmp_path, line):
    with pytest.raises(DataError, match=r"a\.asc:5: "):
        read(tmp_path / "a.asc", ASC.format("absolute") + f"   0.0 1  123 Rx d 1 00\n{line}\n")


def test_distances_of_candump_are_added_up(tmp_path):
    steps = [0.0, *[0.01, 0.02] * 100]
    lines = "".join(f" ({step:010.6f})  can0  123   [1]  00\n" for step in steps)
    records = read(tmp_path / "a.log", lines)
    assert records.time.tolist() == pytest.approx(np.cumsum(steps).tolist())
    assert records.notices == ("times are distances (candump -td): added up",)


def test_a_console_without_times_is_said_to_have_none(tmp_path):
    records = read(tmp_path / "a.log", "  can0  123   [1]  00\n  can0  124   [0]  \n")
    assert not records.timed
    assert records.notices == ("no times: its frames are taken to be 0.001 s apart",)


def test_times_that_go_back_are_counted(tmp_path):
    lines = "(5.0) can0 123#00\n(6.0) can0 123#00\n(2.0) can0 123#00\n"
    assert "times go back 1 times, first at line 3" in read(tmp_path / "a.log", lines).notices[0]


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW messages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS ts, "
        "1 AS arbitration_id, 0 AS remote, 0 AS error, 0 AS dlc, x'' AS data FROM c",
        "CREATE TABLE messages (ts, arbitration_id, remote, error, dlc, data GENERATED ALWAYS AS (zeroblob(1e9)))",
        "CREATE TABLE messages (ts, arbitration_id, remote, error, dlc)",
        "CREATE TABLE other (ts)",
    ],
)
def test_a_database_that_is_no_plain_log_is_refused(tmp_path, made):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as base:
        base.execute(made)
    base.close()
    with pytest.raises(DataError, match=r"a\.db:1: malformed log: it"):
        read(path, path.read_bytes())


def test_an_unknown_format_is_told_the_formats_by_name(tmp_path):
    with pytest.raises(DataError, match=r"known are: HCRL.*candump.*Vector BLF.*GVRET.*columns\.yaml"):
        read(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
