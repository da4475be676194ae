"""Readers of CAN captures: what was written is read, and any other bytes are one kind of error."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.properties import given, hypothesis, st
from toolchain.can.data.readers import find_reader, read_capture
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source
from toolchain.errors import GateweaveError


class Sent(NamedTuple):
    """A frame: microseconds after the one before, identifier, whether it has 29 bits, data."""

    after: int
    identifier: int
    extended: bool
    data: bytes


_DATA = st.binary(max_size=8)
SENT = st.one_of(
    st.builds(Sent, st.integers(1, 10**6), st.integers(0, 0x7FF), st.just(False), _DATA),
    st.builds(Sent, st.integers(1, 10**6), st.integers(0, 0x1FFFFFFF), st.just(True), _DATA),
)
CAPTURES = st.lists(SENT, min_size=1, max_size=8)


def _times(frames: Sequence[Sent]) -> list[int]:
    """Microseconds, from one second on."""
    return [10**6 + sum(frame.after for frame in frames[: index + 1]) for index in range(len(frames))]


def _identifier(frame: Sent) -> str:
    return f"{frame.identifier:0{8 if frame.extended else 3}X}"


def candump(frames: Sequence[Sent]) -> str:
    """As `candump -l` writes them."""
    rows = [f"{_identifier(frame)}#{frame.data.hex().upper()}" for frame in frames]
    times = [f"({time // 10**6}.{time % 10**6:06d})" for time in _times(frames)]
    return "".join(f"{time} can0 {row}\n" for time, row in zip(times, rows, strict=True))


def console(frames: Sequence[Sent]) -> str:
    """As `candump -ta` prints them."""
    rows = [f"{_identifier(frame)}   [{len(frame.data)}]  {frame.data.hex(' ').upper()}" for frame in frames]
    times = [f"({time // 10**6}.{time % 10**6:06d})" for time in _times(frames)]
    return "".join(f" {time}  can0  {row}\n" for time, row in zip(times, rows, strict=True))


def gvret(frames: Sequence[Sent]) -> str:
    """As SavvyCAN writes them."""
    head = "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"
    rows = [
        ",".join(
            [str(time), f"{f.identifier:08X}", str(f.extended).lower(), "Rx", "0", str(len(f.data))]
            + [f"{byte:02X}" for byte in f.data]
            + [""] * (8 - len(f.data))
        )
        for time, f in zip(_times(frames), frames, strict=True)
    ]
    return head + "".join(f"{row}\n" for row in rows)


def python_can(frames: Sequence[Sent]) -> str:
    """As python-can's CSV writer writes them."""
    rows = [
        f"{time / 10**6},0x{f.identifier:x},{f.extended:d},0,0,{len(f.data)},{base64.b64encode(f.data).decode()}"
        for time, f in zip(_times(frames), frames, strict=True)
    ]
    return "\n".join(["timestamp,arbitration_id,extended,remote,error,dlc,data", *rows, ""])


FORMATS = {candump: "a.log", console: "b.log", gvret: "c.csv", python_can: "d.csv"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures")


def _read(path: Path, content: bytes) -> Records | None:
    path.write_bytes(content)
    source = Source(path.name, path)
    reader = find_reader(source)
    return None if reader is None else read_capture(source, reader)


@pytest.mark.parametrize("write", FORMATS)
@hypothesis.settings(max_examples=10)
@given(frames=CAPTURES)
def test_what_was_written_is_read(folder, write, frames) -> None:
    records = _read(folder / FORMATS[write], write(frames).encode())
    assert records is not None
    assert records.identifier.tolist() == [frame.identifier for frame in frames]
    assert records.length.tolist() == [len(frame.data) for frame in frames]
    assert [row.tobytes() for row in records.payload] == [frame.data.ljust(8, b"\0") for frame in frames]
    assert [round(time * 10**6) for time in records.time.tolist()] == _times(frames)


@pytest.mark.parametrize("write", FORMATS)
@hypothesis.settings(max_examples=15)
@given(frames=CAPTURES, at=st.integers(0, 999), put=st.binary(max_size=3), take=st.integers(0, 3))
def test_damage_is_read_or_refused_by_file_and_line(folder, write, frames, at, put, take) -> None:
    path, text = folder / FORMATS[write], write(frames).encode()
    at %= len(text)
    try:
        records = _read(path, text[:at] + put + text[at + take :])
    except GateweaveError as error:
        assert str(error).startswith(f"{path}:")
        assert "\n" not in str(error)
    else:
        assert records is None or len(records)


@pytest.mark.parametrize("name", ["a.log", "b.asc", "c.blf", "d.trc", "e.csv", "f.db", "g.txt"])
@hypothesis.settings(max_examples=10)
@given(content=st.binary(max_size=60) | st.text("0123456789ABCDEFabcdefRx#[](),;. \t\n\r", max_size=60).map(str.encode))
def test_any_bytes_are_frames_no_capture_or_one_kind_of_error(folder, name, content) -> None:
    path = folder / name
    try:
        records = _read(path, content)
    except GateweaveError as error:
        assert str(error).startswith(f"{path}:")
        assert "\n" not in str(error)
    else:
        assert records is None or len(records)
