"""What a stage of a foreign network may take: it runs what nobody vouches for."""

from __future__ import annotations

from pathlib import Path

from toolchain.bounded import Bounds
from toolchain.layout import Request
from toolchain.runtime.calibration_file import array_bytes
from toolchain.runtime.inspect_model import Limits

# Copies of the vectors, at most: as read, as the model takes them, and what it answers.
_COPIES = 6


def bounds_of(request: Request) -> Bounds:
    """Memory and time for each stage of a request that names a network's file.

    Raises:
        DataError: a file of data is no npz, or too large.
    """
    limits = Limits()
    model = Path(request.file or "")
    memory = limits.memory(model.stat().st_size if model.is_file() else 0)
    given = [Path(path) for path in (request.test, request.calibration) if path]
    vectors = sum(array_bytes(data) for data in given if data.is_file())
    return Bounds(memory + _COPIES * vectors, limits.stage_seconds)
