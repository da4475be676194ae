"""The border to a model's own code: whatever goes wrong behind it names the model's file, the line and the mend."""

from __future__ import annotations

import errno
import importlib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from toolchain.errors import GateweaveError, ModelError

FUNCTIONS = {"data": ("build_dataset",), "model": ("build", "merge", "restore", "build_float")}
"""What each file of a model's folder must offer; see docs/adding-a-model.md."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def model_code(model: str, name: str) -> ModuleType:
    """A module of a model's folder, `data` or `model`, with all its functions.

    Raises:
        ModelError: the file is missing, does not load, or lacks a function.
    """
    shown = f"models/{model}/{name}.py"
    try:
        module = importlib.import_module(f"models.{model}.{name}")
    except SyntaxError as error:
        place = _below_models(error.filename or "") or shown
        raise ModelError(f"{place}:{error.lineno}: Python does not read it: {error.msg}") from error
    except ModuleNotFoundError as error:
        if error.name in {f"models.{model}", f"models.{model}.{name}"}:
            raise ModelError(f"{shown}: missing; it should offer {_listed(FUNCTIONS[name])}") from error
        raise ModelError(f"{_place(error, model) or shown}: {error}; is it installed, or its name mistyped?") from error
    except Exception as error:
        raise ModelError(f"{_place(error, model) or shown}: {_words(error)}; it should load on its own") from error
    lacking = [function for function in FUNCTIONS[name] if not callable(getattr(module, function, None))]
    if lacking:
        raise ModelError(f"{shown}: no function {_listed(lacking)}; see docs/adding-a-model.md")
    return module


@contextmanager
def authors_code(model: str) -> Iterator[None]:
    """What a model's own code raises in here becomes one line that names its file and line.

    Raises:
        ModelError: the code of the model raised something.
    """
    try:
        yield
    except GateweaveError:
        raise
    except Exception as error:
        place = _place(error, model)
        if place is None or getattr(error, "errno", None) in _DISK_FULL:
            raise
        raise ModelError(f"{place}: {_words(error)}; mend the model's code") from error


def _place(error: BaseException, model: str) -> str | None:
    """File and line of the innermost call in the model's folder."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(_below_models(frame.filename), frame.lineno) for frame in frames]
    own = [f"{path}:{line}" for path, line in places if path and path.startswith(f"models/{model}/")]
    return own[-1] if own else None


def _below_models(filename: str) -> str | None:
    parts = Path(filename).parts
    at = max((i for i, part in enumerate(parts[:-2]) if part == "models"), default=None)
    return None if at is None else "/".join(parts[at:])


def _words(error: BaseException) -> str:
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name}()" for name in names)
