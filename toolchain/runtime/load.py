"""Loading an ONNX file that nobody vouches for: bounded memory, bounded time, and one line when it will not do.

A process with bounds of its own parses, checks and runs the file first. Only what came through there is read here.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from toolchain.bounded import Bounds, bounded
from toolchain.errors import FileError, ModelError, first_line
from toolchain.graph.proto import check_text
from toolchain.graph.qonnx_nodes import normalised
from toolchain.runtime.inspect_model import Limits, inspect
from toolchain.runtime.try_model import inlined, try_model

__all__ = ["Limits", "load_untrusted", "read_model"]


def load_untrusted(path: Path, limits: Limits | None = None) -> onnx.ModelProto:
    """Read a model after another process has tried it; functions are inlined and external data is read in.

    Raises:
        FileError: the file is missing, malformed, truncated, asks for too much or does not run; names the file.
    """
    limits = limits or Limits()
    try:
        _check_file(path, limits)
        bounds = Bounds(limits.memory(path.stat().st_size), limits.seconds)
        raw: bytes = bounded("trying it", lambda: _tried(path, limits), bounds)
        return onnx.load_from_string(raw)
    except ModelError as error:
        raise FileError(f"{path}: {error}") from error


def _tried(path: Path, limits: Limits) -> bytes:
    model = read_model(path, limits)
    try_model(model, limits)
    raw: bytes = model.SerializeToString(deterministic=True)
    return raw


def read_model(path: Path, limits: Limits) -> onnx.ModelProto:
    """Parse and check a file in this process; QONNX operators come in one spelling.

    Raises:
        ModelError: see `load_untrusted`; the file is not named.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except (DecodeError, ValueError) as error:
        raise ModelError("malformed or truncated: neither an ONNX nor a TFLite file") from error
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}") from error
    check_text(model)
    model = normalised(inlined(model))
    inspect(model, path.parent, limits)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        raise ModelError(f"external data cannot be read: {first_line(error)}") from error
    return model


def _check_file(path: Path, limits: Limits) -> None:
    if not path.exists():
        raise ModelError("no such file")
    if not path.is_file():
        raise ModelError("not a file; NETWORK= takes one file")
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise ModelError(f"{size >> 20} MiB; {limits.file_bytes >> 20} MiB at most")
