from __future__ import annotations

import fcntl
import os
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, label_of, uart_board
from toolchain.device.link import serial_port
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_port import SerialPort, find_port, open_serial
from toolchain.errors import ConfigError, ToolError, VerificationError


def rate(file: int) -> int:
    """Bits per second that a terminal is set to."""
    packed = fcntl.ioctl(file, serial_port._TCGETS2, bytes(serial_port._TERMIOS2.size))
    return int(serial_port._TERMIOS2.unpack(packed)[-1])


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
    seen: list[tuple[bytes, int]] = []
    other_end = threading.Thread(target=lambda: seen.append((os.read(master, 99), rate(master))))
    other_end.start()
    port.send_break()
    other_end.join()
    assert seen == [(b"\0", 125_000)]
    assert rate(master) == 1_000_000
    port.close()


@pytest.mark.parametrize("baud", [9600, 115_200, 123_457, 12_000_000])
def test_any_rate_can_be_had(terminal: tuple[int, str], baud: int) -> None:
    port = SerialPort(terminal[1], baud)
    assert rate(terminal[0]) == baud
    port.close()


def test_what_lay_in_the_port_before_is_not_read(terminal: tuple[int, str]) -> None:
    os.write(terminal[0], b"old")
    port = SerialPort(terminal[1], 1_000_000)
    assert port.read(0.01) == b""
    port.close()


def test_a_port_that_nobody_empties_is_an_error(terminal: tuple[int, str]) -> None:
    port = SerialPort(terminal[1], 1_000_000, Patience(write=0.05))
    with pytest.raises(ToolError, match="the port takes no bytes"):
        port.write(bytes(1 << 20))
    port.close()


def test_a_port_that_is_emptied_late_takes_all_in_the_end(terminal: tuple[int, str]) -> None:
    """A large simulated chip takes hundreds of bytes a second."""
    master, name = terminal
    port = SerialPort(name, 1_000_000, Patience(write=5.0))
    taken = bytearray()

    def late() -> None:
        time.sleep(0.3)
        while len(taken) < 20_000:
            taken.extend(os.read(master, 512))

    reader = threading.Thread(target=late)
    reader.start()
    port.write(bytes(20_000))
    reader.join()
    port.close()
    assert len(taken) == 20_000


def test_the_driver_over_a_port(answering: str) -> None:
    vectors = [bytes([index] * VECTOR_BYTES) for index in range(50)]
    packed = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}
    with open_serial(answering, 1_000_000, packed, Patience(quiet=0.02)) as board:
        assert board.infer_many(vectors) == [(label_of(vector),) for vector in vectors]
    with pytest.raises(VerificationError, match="build_id: the board answers"):
        open_serial(answering, 1_000_000, {**packed, "build_id": "00"}, Patience(quiet=0.02))


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(ToolError, match=r"/dev/no-port: cannot be opened \(No such file .*\); is the board connected"):
        SerialPort("/dev/no-port", 1_000_000)


@pytest.mark.parametrize("name", ["/dev/null", "/tmp", __file__])
def test_what_is_no_serial_port_is_told_so(name: str) -> None:
    with pytest.raises(ToolError, match=f"^{name}: is no serial port; name the board's, such as /dev/ttyUSB0$"):
        SerialPort(name, 1_000_000)


def test_a_second_program_is_kept_out(terminal: tuple[int, str]) -> None:
    port = SerialPort(terminal[1], 1_000_000)
    with pytest.raises(ToolError, match="cannot be opened"):
        SerialPort(terminal[1], 1_000_000)
    port.close()


def test_a_board_that_is_unplugged() -> None:
    master, slave = os.openpty()
    slave_name = os.ttyname(slave)
    os.close(slave)
    port = SerialPort(slave_name, 1_000_000)
    os.close(master)
    for use in (lambda: port.read(0.1), lambda: port.write(b"x"), port.send_break):
        with pytest.raises(ToolError, match=r"the port failed .*; was the board unplugged"):
            use()
    port.close()


def listed(root: Path, *ports: tuple[str, str]) -> Path:
    """A list of terminals as Linux keeps it, of (name, adapter); one without an adapter is no USB port."""
    for name, adapter in ports:
        device = root / "devices" / (adapter or "platform") / name
        device.mkdir(parents=True)
        if adapter:
            (device.parent / "idVendor").write_text("0403\n")
        (root / "tty" / name).mkdir(parents=True)
        (root / "tty" / name / "device").symlink_to(device)
    return root / "tty"


def test_the_one_usb_port_is_found(tmp_path: Path) -> None:
    assert find_port(listed(tmp_path / "one", ("ttyS0", ""), ("ttyUSB0", "1-2"))) == "/dev/ttyUSB0"
    assert find_port(listed(tmp_path / "two", ("ttyUSB9", "1-2"), ("ttyUSB10", "1-2"))) == "/dev/ttyUSB10"


def test_none_or_several_adapters_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no USB serial port is there"):
        find_port(listed(tmp_path / "none", ("ttyS0", "")))
    with pytest.raises(ConfigError, match=r"several USB serial adapters are connected \(/dev/ttyUSB0, /dev/ttyUSB1\)"):
        find_port(listed(tmp_path / "more", ("ttyUSB0", "1-2"), ("ttyUSB1", "1-3")))
