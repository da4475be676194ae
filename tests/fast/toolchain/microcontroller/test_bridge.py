"""The line to an emulated machine: bytes as they are, the escape told apart, and breaks by a slow byte."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from toolchain.device.link.serial_port import SerialPort
from toolchain.microcontroller.bridge import Bridge

BAUD = 115_200


@pytest.fixture
def machine() -> Iterator[tuple[SerialPort, int, int, Bridge]]:
    """A driver's port, and the machine's end of the line: to read from, to write to."""
    (read, to_machine), (from_machine, write) = os.pipe(), os.pipe()
    with os.fdopen(to_machine, "wb", 0) as to, os.fdopen(from_machine, "rb", 0) as out:
        bridge = Bridge(to, out, BAUD)
        port = SerialPort(bridge.port, BAUD)
        yield port, read, write, bridge
        port.close()
        bridge.close()
    os.close(read)
    os.close(write)


def test_all_bytes_pass_both_ways(machine: tuple[SerialPort, int, int, Bridge]) -> None:
    port, read, write, bridge = machine
    every = bytes(range(256))
    port.write(every)
    told = b""
    while len(told) < 257:
        told += os.read(read, 4096)
    assert told == every.replace(b"\xdb", b"\xdb\x00")
    os.write(write, every)
    came = b""
    while len(came) < 256:
        came += port.read(5.0)
    assert came == every and bridge.breaks == 0


def test_a_break_is_told_by_an_escape(machine: tuple[SerialPort, int, int, Bridge]) -> None:
    port, read, _, bridge = machine
    port.send_break()
    assert os.read(read, 16) == b"\xdb\x01"
    port.write(b"x")
    assert os.read(read, 16) == b"x" and bridge.breaks == 1
