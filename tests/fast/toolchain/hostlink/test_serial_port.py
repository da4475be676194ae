from __future__ import annotations

import os
import threading
import tty
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, label_of, uart_board
from toolchain.errors import ConfigError, ToolError, VerificationError
from toolchain.hostlink.serial_link import Patience
from toolchain.hostlink.serial_port import SerialPort, find_port, open_serial


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the other end's descriptor, and the name to open."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


@pytest.fixture
def answering(terminal: tuple[int, str]) -> Iterator[str]:
    """A port at which the model board answers."""
    master, name = terminal
    board, stop = uart_board(), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            data = os.read(master, 4096)
            board.write(data)
            os.write(master, board.read(0.0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield name
    stop.set()
    with open(name, "wb", buffering=0) as line:  # wakes the reader
        line.write(b"\0")
    thread.join()


def test_bytes_pass_both_ways(terminal: tuple[int, str]) -> None:
    master, name = terminal
    port = SerialPort(name, 1_000_000)
    port.write(b"GW\x00\xff\n")
    assert os.read(master, 99) == b"GW\x00\xff\n"
    os.write(master, b"\x11\x13\x03")
    assert port.read(1.0) == b"\x11\x13\x03"
    assert port.read(0.0) == b""
    port.close()


def test_a_break_is_a_slow_zero(terminal: tuple[int, str]) -> None:
    master, name = terminal
    port = SerialPort(name, 1_000_000)
    rates: list[int] = []
    write = port._serial.write
    port._serial.write = lambda data: rates.append(port._serial.baudrate) or write(data)
    port.send_break()
    assert os.read(master, 99) == b"\0"
    assert rates == [125_000]
    assert port._serial.baudrate == 1_000_000
    port.close()


def test_the_driver_over_a_port(answering: str) -> None:
    vectors = [bytes([index] * VECTOR_BYTES) for index in range(50)]
    packed = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}
    with open_serial(answering, 1_000_000, packed, Patience(quiet=0.02)) as board:
        assert board.infer_many(vectors) == list(map(label_of, vectors))
    with pytest.raises(VerificationError, match="build_id: the board answers"):
        open_serial(answering, 1_000_000, {**packed, "build_id": "00"}, Patience(quiet=0.02))


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(ToolError, match=r"/dev/no-port: cannot be opened .* is the board connected"):
        SerialPort("/dev/no-port", 1_000_000)


def test_a_second_program_is_kept_out(terminal: tuple[int, str]) -> None:
    port = SerialPort(terminal[1], 1_000_000)
    with pytest.raises(ToolError, match="cannot be opened"):
        SerialPort(terminal[1], 1_000_000)
    port.close()


def test_a_board_that_is_unplugged(terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    port = SerialPort(terminal[1], 1_000_000)

    def gone(*_: Any) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(port._serial, "read", gone)
    with pytest.raises(ToolError, match=r"the port failed .*; was the board unplugged"):
        port.read(0.1)
    port.close()


def listed(device: str, location: str | None, vid: int | None = 0x0403) -> Any:
    return SimpleNamespace(device=device, location=location, vid=vid)


def test_the_one_usb_port_is_found() -> None:
    on_board = listed("/dev/ttyS0", None, None)
    assert find_port([on_board, listed("/dev/ttyUSB0", "1-2:1.0")]) == "/dev/ttyUSB0"
    two = [listed("/dev/ttyUSB9", "1-2:1.0"), listed("/dev/ttyUSB10", "1-2:1.1")]
    assert find_port(two) == "/dev/ttyUSB10"


def test_none_or_several_adapters_are_named() -> None:
    with pytest.raises(ConfigError, match="no USB serial port is there"):
        find_port([listed("/dev/ttyS0", None, None)])
    with pytest.raises(ConfigError, match=r"several USB serial adapters are connected \(/dev/ttyUSB0, /dev/ttyUSB1\)"):
        find_port([listed("/dev/ttyUSB0", "1-2:1.0"), listed("/dev/ttyUSB1", "1-3:1.0")])
