"""The CRC unit against zlib."""

from __future__ import annotations

import random
import shutil
import zlib
from pathlib import Path

from hls.simulate_chip import ChipSimulator

LIBRARY = Path(__file__).parents[4] / "hls" / "rtl"


def test_crc_equals_zlib_after_every_byte(tmp_path: Path) -> None:
    for name in ("uart_timer.v", "uart_rx.v", "uart_tx.v", "crc32.v"):
        shutil.copy(LIBRARY / name, tmp_path)
    shutil.copy(Path(__file__).with_name("crc_probe.v"), tmp_path)
    sources = sorted(tmp_path.glob("*.v"))
    probe = ChipSimulator(sources, tmp_path, clock_hz=8, baud=1)
    data = b"123456789" + bytes(range(256)) + random.Random(1).randbytes(300)
    told = probe.exchange([bytes([byte]) for byte in data])
    expected = [zlib.crc32(data[: i + 1]) ^ 0xFFFFFFFF for i in range(len(data))]
    assert [int.from_bytes(text, "little") for text in told] == expected
