"""Loading an ONNX file that nobody vouches for: bounded memory, bounded time, and one line when it will not do.

A child process with limits of its own parses, checks and tries the file first. Only what came through there is read
here: a file of a few bytes can ask for terabytes, and a native library may crash on it.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from toolchain.errors import ModelError
from toolchain.graph.qonnx_nodes import normalised
from toolchain.runtime.inspect_model import Limits, inspect

__all__ = ["Limits", "load_untrusted", "read_model"]

_CHILD = "toolchain.runtime.try_model"


def load_untrusted(path: Path, limits: Limits | None = None) -> onnx.ModelProto:
    """Read a model after a child process has tried it; external data is read in.

    Raises:
        ModelError: the file is missing, malformed, truncated, asks for too much or does not run; names the file.
    """
    limits = limits or Limits()
    try:
        _check_file(path, limits)
        _try(path, limits)
        return read_model(path, limits)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read_model(path: Path, limits: Limits) -> onnx.ModelProto:
    """Parse and check a file in this process; QONNX operators come in one spelling.

    Raises:
        ModelError: see `load_untrusted`; the file is not named.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except (DecodeError, ValueError) as error:
        raise ModelError("malformed or truncated: not an ONNX model") from error
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}") from error
    model = normalised(model)
    inspect(model, path.parent, limits)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        raise ModelError(f"external data cannot be read: {str(error).splitlines()[0]}") from error
    return model


def _check_file(path: Path, limits: Limits) -> None:
    if not path.exists():
        raise ModelError("no such file")
    if not path.is_file():
        raise ModelError("not a file; ONNX= takes one .onnx file")
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise ModelError(f"{size >> 20} MiB; {limits.file_bytes >> 20} MiB at most")


def _try(path: Path, limits: Limits) -> None:
    """Run the child; its last line on stdout is `ok` or what is wrong."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    command = [sys.executable, "-m", _CHILD, str(path.resolve()), str(limits.memory_bytes)]
    # One thread: pools reserve address space for each.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": _import_path()}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=2 * limits.seconds, preexec_fn=bound, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"trying it took more than {2 * limits.seconds} s") from error
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    verdict = lines[-1] if lines else ""
    if done.returncode == 0 and verdict == "ok":
        return
    if done.returncode == 1 and verdict:
        raise ModelError(verdict)
    bounds = f"{limits.memory_bytes >> 30} GiB of memory and {limits.seconds} s"
    end = _end(done.returncode)
    raise ModelError(f"trying it ended by {end}: it asks for more than {bounds}, or crashes its reader")


def _import_path() -> str:
    return os.pathsep.join(entry or os.getcwd() for entry in sys.path)


def _end(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
