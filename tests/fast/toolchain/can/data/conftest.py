"""Small captures in every format, and the real ones where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from toolchain.can.data.frames import Frames, one_capture

SHARED = Path(__file__).resolve().parents[6] / "shared" / "data" / "can"

HCRL = """1478198376.389427,0316,8,05,21,68,09,21,21,00,6f,R
1478198376.389636,0000,8,00,00,00,00,00,00,00,00,T
1478198376.389864,02b0,5,ff,7f,00,05,49,R,,,
1478198376.390096,05f0,2,01,00,00,00,00,00,00,00,R
1478198376.390333,05f1,2,0a,0b,R
"""

VOLVO_HEADER = "timestamp,CAN_ID,DLC,PAYLOAD_HEX,PAYLOAD_BIN,ANOMALY\n"


@pytest.fixture
def real() -> Callable[[str], Path]:
    """Folder of real captures by name; skips where they are not at hand."""

    def find(name: str) -> Path:
        folder = SHARED / name
        if not folder.is_dir():
            pytest.skip(f"no captures at {folder}")
        return folder

    return find


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below the test's data folder; returns the folder."""

    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "data"

    return _write


def random_frames(count: int, seed: int = 0, name: str = "c", attack: int = 1) -> Frames:
    """Frames of few identifiers and mixed lengths, with an attack every ten frames."""
    rng = np.random.default_rng(seed)
    length = rng.integers(0, 9, count).astype(np.uint8)
    payload = rng.integers(0, 256, (count, 8)).astype(np.uint8)
    payload[np.arange(8) >= length[:, None]] = 0
    label = np.where(np.arange(count) % 10 == 9, attack, 0).astype(np.uint8)
    identifier = rng.choice([0x0, 0x316, 0x7FF, 0x123], count).astype(np.uint32)
    return one_capture(name, np.arange(count) / 1000, identifier, length, payload, label)
