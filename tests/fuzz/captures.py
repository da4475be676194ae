"""Captures of every format, damaged at random, as training and as `gateweave ids` would read them.

Only a `GateweaveError` may come of one: anything else is let through.
"""

from __future__ import annotations

import base64
import gzip
import io
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import can
import numpy as np

from toolchain.can.data.folder import read_folder
from toolchain.can.live.capture import CaptureSource
from toolchain.errors import GateweaveError

NAME = "captures"

FRAMES = 60
_HOSTILE = (
    b"nan", b"inf", b"-1", b"1e400", b"1e18", b"9" * 400, b"0x", b"", b"\0", b"\xff\xfe", b'"', b"{}", b"%n",
    b"4294967296", b"20000004", b"ffffffffffffffff", b" ", b"\t", b"\r", b",,,,,,,,,,,,,,,,,,", b"#R", b"d f",
    b"##1" + b"AB" * 64, b"[64]",
)  # fmt: skip


def once(rng: np.random.Generator, folder: Path) -> None:
    """Damage one capture in `folder`, which is empty, and read it both ways."""
    name, raw = FORMS[int(rng.integers(len(FORMS)))]
    content = raw(rng)
    for _ in range(int(rng.integers(0, 4))):
        content = _CHANGES[int(rng.integers(len(_CHANGES)))](rng, content)
    if rng.random() < 0.1:
        name, content = f"{name}.gz", gzip.compress(content)
    (folder / name).write_bytes(content)
    _beside(rng, folder, name)
    for read in (_train, _watch):
        try:
            read(folder, name, rng)
        except GateweaveError as error:
            assert str(error).strip(), "an error without words"


def _train(folder: Path, _: str, __: np.random.Generator) -> None:
    frames = read_folder(folder).frames
    _must_be_sound(frames.time, frames.identifier, frames.length)


def _watch(folder: Path, name: str, rng: np.random.Generator) -> None:
    source = CaptureSource(folder / name, bus="can0" if rng.random() < 0.1 else None)
    try:
        for batch in source.batches(17):
            _must_be_sound(batch.frames.time, batch.frames.identifier, batch.frames.length)
    finally:
        source.close()


def _must_be_sound(time: np.ndarray, identifier: np.ndarray, length: np.ndarray) -> None:
    assert np.isfinite(time).all()
    assert (identifier < 1 << 29).all()
    assert (length <= 8).all()


# Sound captures --------------------------------------------------------------------------------------------------

_Row = tuple[float, int, bytes]


def _rows(rng: np.random.Generator) -> list[_Row]:
    return [(1.6e9 + k * 0.01, int(rng.integers(1, 0x7FF)), rng.bytes(int(rng.integers(0, 9)))) for k in range(FRAMES)]


def _lines(line: Callable[[float, int, bytes], str], *head: str) -> Callable[[np.random.Generator], bytes]:
    return lambda rng: "\n".join([*head, *(line(*row) for row in _rows(rng)), ""]).encode()


def _spaced(data: bytes) -> str:
    return data.hex(" ").upper()


def _padded(data: bytes, between: str = ",") -> str:
    return data.ljust(8, b"\0").hex(between)


def _volvo(time: float, identifier: int, data: bytes) -> str:
    return f"{time:.6f},{identifier:X},{8 * len(data)},{data.hex() or 0},0,{identifier % 9 == 0}"


def _otids(time: float, identifier: int, data: bytes) -> str:
    return f"{time:.6f},{identifier},0,{len(data)},{data.hex(' ')},0,{identifier}," + ",".join(["0"] * 16)


def _blf(rng: np.random.Generator) -> bytes:
    """Written by python-can's own writer."""
    stream = io.BytesIO()
    writer = can.BLFWriter(stream)
    for time, identifier, data in _rows(rng):
        writer.on_message_received(can.Message(time, identifier, False, data=data, channel=1))
    writer._flush()
    return stream.getvalue()


def _database(rng: np.random.Generator) -> bytes:
    with sqlite3.connect(":memory:") as base:
        made = str(rng.choice(["TABLE messages", "TABLE frames", "TABLE messages"]))
        base.execute(
            f"CREATE {made} (ts REAL, arbitration_id INTEGER, extended INTEGER, remote INTEGER, error INTEGER, "
            "dlc INTEGER, data BLOB)"
        )
        rows = [(time, identifier, 0, 0, 0, len(data), data) for time, identifier, data in _rows(rng)]
        base.executemany(f"INSERT INTO {made.split()[1]} VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        base.commit()
        return bytes(base.serialize())


def _zip(rng: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(int(rng.integers(1, 4))):
            name, raw = FORMS[int(rng.integers(len(FORMS) - 1))]
            archive.writestr(f"{k}/{name}", raw(rng))
    return stream.getvalue()


_ASC = ("date Mon Sep 30 03:06:13.191 pm 2020", "base hex  timestamps relative", "internal events logged")
_HCRL = ",".join(["Timestamp", "ID", "DLC", *(f"Data{k}" for k in range(8)), "Flag"])
_OTIDS = "Time,IntID1,ID2,DLC,Data,Label" + ",x" * 17
_TRC = (";$FILEVERSION=2.1", ";$STARTTIME=44000.5", ";$COLUMNS=N,O,T,B,I,d,R,L,D")

FORMS: tuple[tuple[str, Callable[[np.random.Generator], bytes]], ...] = (
    ("a.log", _lines(lambda t, i, d: f"({t:.6f}) can{i % 2} {i:03X}#{d.hex()}")),
    ("b.log", _lines(lambda t, i, d: f" ({t:.6f})  can0  {i:03X}   [{len(d)}]  {_spaced(d)}")),
    ("c.log", _lines(lambda t, i, d: f"  can0  {i:03X}   [{len(d)}]  {_spaced(d)}")),
    ("d.asc", _lines(lambda t, i, d: f"   0.010000 1  {i:X}  Rx   d {len(d)} {_spaced(d)}", *_ASC)),
    ("dos.csv", _lines(lambda t, i, d: f"{t:.6f},{i:04x},8,{_padded(d)},{'RT'[i % 5 == 0]}", _HCRL)),
    ("dos-2.csv", _lines(lambda t, i, d: f"{t:.6f},{i:04x},8,{_padded(d)},{'RT'[i % 5 == 0]}")),
    ("e.txt", _lines(lambda t, i, d: f"Timestamp: {t:.6f}  ID: {i:04x}  000  DLC: {len(d)}  {d.hex(' ')}")),
    ("replay.csv", _lines(_volvo, "timestamp,CAN_ID,DLC,PAYLOAD_HEX,PAYLOAD_BIN,ANOMALY")),
    ("f.csv", _lines(_otids, _OTIDS)),
    ("g.csv", _lines(lambda t, i, d: f"{int(t * 1e6)},{i:08X},false,Rx,0,{len(d)},{d.hex(',')}",
                     "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8")),
    ("h.csv", _lines(lambda t, i, d: f"{t},{i:#x},0,0,0,{len(d)},{base64.b64encode(d).decode()}",
                     "timestamp,arbitration_id,extended,remote,error,dlc,data")),
    ("i.csv", _lines(lambda t, i, d: f"{t:.6f},{i:03X},{d.hex()},{int(i % 7 == 0)}",
                     "timestamp,arbitration_id,data_field,attack")),
    ("j.trc", _lines(lambda t, i, d: f" 1 {t - 1.6e9:.3f} DT 1 {i:04X} Rx - {len(d)} {_spaced(d)}", *_TRC)),
    ("k.blf", _blf),
    ("l.db", _database),
    ("m.zip", _zip),
)  # fmt: skip

COLUMNS = b"""time: timestamp
identifier: arbitration_id
data: data_field
label: attack
labels: {'0': normal, '1': attack}
"""


def _beside(rng: np.random.Generator, folder: Path, name: str) -> None:
    """Files that describe the capture, now and then damaged as well."""
    texts = {
        "columns.yaml": COLUMNS,
        f"{name}.attacks.csv": b"start,end,attack,identifier\n0.1,0.3,dos,\n0.2,0.4,rpm,123\n",
    }
    for beside, text in texts.items():
        if rng.random() < 0.5:
            damaged = _CHANGES[int(rng.integers(len(_CHANGES)))](rng, text) if rng.random() < 0.3 else text
            (folder / beside).write_bytes(damaged)


# Damage ----------------------------------------------------------------------------------------------------------


def _flip(rng: np.random.Generator, content: bytes) -> bytes:
    data = bytearray(content)
    for at in rng.integers(0, max(1, len(data)), int(rng.integers(1, 9))):
        if at < len(data):
            data[at] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: int(rng.integers(0, len(content) + 1))]


def _insert(rng: np.random.Generator, content: bytes) -> bytes:
    at, word = int(rng.integers(0, len(content) + 1)), _HOSTILE[int(rng.integers(len(_HOSTILE)))]
    return content[:at] + word + content[at:]


def _replace(rng: np.random.Generator, content: bytes) -> bytes:
    """One field of one line becomes something hostile."""
    lines = content.split(b"\n")
    row = int(rng.integers(len(lines)))
    separator = b"," if b"," in lines[row] else b" "
    fields = lines[row].split(separator)
    fields[int(rng.integers(len(fields)))] = _HOSTILE[int(rng.integers(len(_HOSTILE)))]
    lines[row] = separator.join(fields)
    return b"\n".join(lines)


def _repeat(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    row = int(rng.integers(len(lines)))
    return b"\n".join(lines[:row] + [lines[row]] * int(rng.integers(2, 500)) + lines[row:])


def _stretch(rng: np.random.Generator, content: bytes) -> bytes:
    """One line becomes very long."""
    at = int(rng.integers(0, len(content) + 1))
    return content[:at] + content[at : at + 1] * int(rng.integers(100, 70_000)) + content[at:]


def _overwrite(rng: np.random.Generator, content: bytes) -> bytes:
    """Four bytes, such as a size in a binary header, become extreme."""
    at = int(rng.integers(0, max(1, len(content) - 4)))
    value = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\0\0\0\x7f")[int(rng.integers(4))]
    return content[:at] + value + content[at + 4 :]


_CHANGES = (_flip, _cut, _insert, _replace, _repeat, _stretch, _overwrite)
