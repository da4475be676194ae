"""Reading ONNX files as they are, with errors in plain words."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from toolchain.errors import ModelError, first_line


def read_proto(path: Path) -> onnx.ModelProto:
    """Read an ONNX file without what lies in other files.

    Raises:
        ModelError: the file is missing, truncated or no ONNX model.
    """
    try:
        return onnx.load(str(path), load_external_data=False)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; export the model first") from error
    except (DecodeError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: not a usable ONNX model: {type(error).__name__}: {first_line(error)}") from error
