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
    """Memory and time for each stage of a request that names an ONNX file.

    Raises:
        DataError: the calibration file is no npz, or too large.
    """
    limits = Limits()
    model, data = Path(request.onnx or ""), Path(request.calibration or "")
    memory = limits.memory(model.stat().st_size if model.is_file() else 0)
    vectors = array_bytes(data) if data.is_file() else 0
    return Bounds(memory + _COPIES * vectors, limits.stage_seconds)
