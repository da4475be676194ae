"""Streams of captures: what is packed must not unpack to far more than any capture does."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from toolchain.can.data.readers import find_reader, read_capture
from toolchain.can.data.readers import source as source_module
from toolchain.can.data.readers.limits import MOST_DENSE
from toolchain.can.data.readers.source import list_sources
from toolchain.errors import DataError

LINE = b"(1.000000) can0 123#0011223344556677\n"
FREE = BLOCK = 1 << 20
SWOLLEN = LINE * (4 * FREE // len(LINE))


@pytest.fixture(autouse=True)
def _little_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "FREE_BYTES", FREE)


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dos.log", content)
    return buffer.getvalue()


def _in_containers() -> bytes:
    """A BLF of four containers of a block each, full of empty objects."""
    inner = (struct.pack("<4sHHLL", b"LOBJ", 16, 1, 16, 65) * (BLOCK // 16))[:BLOCK]
    body = struct.pack("<H6xL4x", 2, BLOCK) + zlib.compress(inner, 9)
    outer = struct.pack("<4sHHLL", b"LOBJ", 16, 1, 16 + len(body), 10) + body
    outer += bytes(len(outer) % 4)
    return b"LOGG" + struct.pack("<L", 144) + bytes(136) + outer * 4


def _read_all(folder: Path) -> int:
    """Bytes of the only stream of a folder."""
    (source,) = list_sources(folder)
    with source.open() as stream:
        return sum(len(block) for block in iter(lambda: stream.read(BLOCK), b""))


@pytest.mark.parametrize(("name", "pack"), [("dos.log.gz", gzip.compress), ("a.zip", _zipped)])
def test_what_swells_is_refused_long_before_its_end(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(SWOLLEN))
    with pytest.raises(DataError, match=rf"{name}.*: its first \d+ KiB unpack to more than \d+ MiB, over 100 times"):
        _read_all(tmp_path)


def test_a_blf_that_swells_is_refused(tmp_path):
    (tmp_path / "a.blf").write_bytes(_in_containers())
    (source,) = list_sources(tmp_path)
    reader = find_reader(source)
    assert reader is not None
    with pytest.raises(DataError, match=r"a\.blf: its first \d+ KiB unpack to .* give it unpacked \(a BLF as text\)"):
        read_capture(source, reader)


@pytest.mark.parametrize(("name", "pack"), [("idle.log.gz", gzip.compress), ("a.zip", _zipped)])
def test_an_idle_bus_is_no_bomb(tmp_path, name, pack):
    """Four frames that never change, each at its very millisecond: as dense as a capture may become."""
    times = np.arange(100_000) / 1000
    content = b"".join(b"(%.6f) can0 %03x#0000000000000000\n" % (t, k % 4) for k, t in enumerate(times))
    packed = pack(content)
    assert len(content) > 2 * FREE and len(content) / len(packed) < MOST_DENSE / 2
    (tmp_path / name).write_bytes(packed)
    assert _read_all(tmp_path) == len(content)


def test_a_plain_file_of_the_same_lines_is_read(tmp_path):
    (tmp_path / "dos.log").write_bytes(SWOLLEN)
    assert _read_all(tmp_path) == len(SWOLLEN)
