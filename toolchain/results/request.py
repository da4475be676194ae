"""What was asked for, read back from JSON: anybody may have written that file, so every value is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from toolchain.device.checksums import must_be_plain
from toolchain.errors import BuildError
from toolchain.files import write_json
from toolchain.layout import STRATEGIES, Request
from toolchain.results.model import explained
from toolchain.stages import flows
from toolchain.told import shown

_AGAIN = "run `make build` again"


def request_of(raw: Any, name: str = "request") -> Request:
    """A request from what `plain` gave; what an older build does not name has its default.

    Args:
        name: what messages call it.

    Raises:
        BuildError: a key is missing or unknown, or its value cannot be; names it.
    """
    try:
        # As JSON, as records are read: its numbers and texts are taken for what they are.
        request = _form().validate_json(json.dumps(raw), strict=True)
    except (ValidationError, RecursionError) as error:
        raise BuildError(f"{name}: {explained(error)}; {_AGAIN}") from error
    # They are names of folders.
    for what in ("board", "model", "recipe"):
        must_be_plain(getattr(request, what), f"{name}: {what}")
    for what, known in (("flow", flows()), ("strategy", STRATEGIES)):
        if getattr(request, what) not in known:
            value = shown(getattr(request, what))
            raise BuildError(f"{name}: {what}: {value}, should be one of {', '.join(known)}; {_AGAIN}")
    return request


def plain(request: Request) -> Mapping[str, object]:
    """A request as JSON; `request_of` reads it back."""
    return asdict(request)


def write_request(path: Path, request: Request) -> None:
    """Write a request to a file of its own.

    Raises:
        BuildError: it cannot be written.
    """
    write_json(path, plain(request))


def read_request(path: Path) -> Request:
    """The request in a file of its own.

    Raises:
        BuildError: as `request_of`; or it cannot be read.
    """
    return request_of(_read(path), str(path))


def write_newest(path: Path, request: Request) -> None:
    """Say which build of a model for a board is the newest: `latest.json`.

    Raises:
        BuildError: it cannot be written.
    """
    write_json(path, {"variant": request.variant, "request": plain(request)})


def read_newest(path: Path) -> Request:
    """The request of the newest build.

    Raises:
        BuildError: as `read_request`.
    """
    raw = _read(path)
    if not isinstance(raw, dict) or "request" not in raw:
        raise BuildError(f"{path}: no request in it; {_AGAIN}")
    return request_of(raw["request"], str(path))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BuildError(f"{path}: no request ({why}); {_AGAIN}") from error


@cache
def _form() -> TypeAdapter[Request]:
    return TypeAdapter(Request)
