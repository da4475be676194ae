"""Reading ONNX files as they are, with errors in plain words."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from toolchain.errors import ModelError, first_line


def read_proto(path: Path) -> onnx.ModelProto:
    """Read an ONNX file without what lies in other files.

    Raises:
        ModelError: the file is missing, truncated, damaged or no ONNX model.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
        check_text(model)
        return model
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; export the model first") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (DecodeError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: not a usable ONNX model: {type(error).__name__}: {first_line(error)}") from error


def check_text(message: Message, where: str = "") -> None:
    """Refuse names and other texts that are no UTF-8: protobuf hands them out as bytes, which nothing expects.

    Raises:
        ModelError: names the field.
    """
    for field, value in message.ListFields():
        name = f"{where}{field.name}"
        if field.type == FieldDescriptor.TYPE_STRING:
            if any(isinstance(text, bytes) for text in ([value] if isinstance(value, str | bytes) else value)):
                raise ModelError(f"its {name} is no UTF-8 text: the file is damaged, or no ONNX model")
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in [value] if isinstance(value, Message) else value:
                check_text(part, f"{name}.")
