"""What tells one core on one board from all others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from flows.stages.context import Context
from toolchain.catalog import board_file
from toolchain.files import sha256


def build_id_of(paths: Iterable[Path], context: Context, clock_hz: int | None = None) -> bytes:
    """8 bytes made of the core's files, in this order, of the board's, and of the clock where the board has several."""
    digest = hashlib.sha256() if clock_hz is None else hashlib.sha256(f"{clock_hz} Hz\n".encode())
    for path in [*paths, board_file(context.request.board)]:
        digest.update(f"{path.name}\0{sha256(path)}\n".encode())
    return digest.digest()[:8]
