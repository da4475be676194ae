"""UART receiver and transmitter, back to back, at ratios of clock and baud that are no whole numbers."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from hls.simulate_chip import ChipSimulator, Script

LIBRARY = Path(__file__).parents[4] / "hls" / "rtl"
EVERY_BYTE = bytes(range(256))
RATIOS = [(27_000_000, 115_200), (10_000_000, 1_200_000)]


@pytest.fixture(scope="module", params=RATIOS, ids=lambda ratio: f"{ratio[0]}/{ratio[1]}")
def ratio(request: pytest.FixtureRequest) -> tuple[int, int]:
    clock_hz, baud = request.param
    return clock_hz, baud


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uart")


def echo(folder: Path, ratio: tuple[int, int], factor: float = 1.0) -> ChipSimulator:
    """Simulator of an echo; `factor` is how much faster the host is."""
    for name in ("uart_timer.v", "uart_rx.v", "uart_tx.v"):
        shutil.copy(LIBRARY / name, folder)
    shutil.copy(Path(__file__).with_name("uart_echo.v"), folder)
    clock_hz, baud = ratio
    flags = (f"-GCLOCK_HZ={clock_hz}", f"-GBAUD={baud}")
    sources = sorted(folder.glob("uart_*.v"))
    return ChipSimulator(sources, folder, clock_hz=clock_hz, baud=baud * factor, extra_flags=flags)


def test_every_byte_in_an_unbroken_stream(folder: Path, ratio: tuple[int, int]) -> None:
    data = EVERY_BYTE + random.Random(1).randbytes(100)
    # The echo's own idle cycle between bytes leaves it a little slower than an unbroken stream.
    script = Script()
    for byte in data:
        script.send(bytes([byte])).pause(0.5)
    script.listen(reply_cycles=3000)
    assert echo(folder, ratio).play(script).replies == [data]


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_clock_of_the_host_is_off(folder: Path, ratio: tuple[int, int], factor: float) -> None:
    script = Script()
    for byte in EVERY_BYTE:
        script.send(bytes([byte])).pause(2)
    assert echo(folder, ratio, factor).play(script.listen(reply_cycles=3000)).replies == [EVERY_BYTE]


def test_bad_stop_bits_and_breaks_give_no_byte(folder: Path, ratio: tuple[int, int]) -> None:
    script = Script().send(b"a").pause(20).send_without_stop(b"\x55").pause(20).low(300).pause(20)
    script.send(b"b").listen(reply_cycles=3000)
    assert echo(folder, ratio).play(script).replies == [b"ab"]
