"""The log of a run: one JSON object a line, written as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from toolchain.errors import BuildError


class Journal:
    """Appends to a file. A disk that fills up later stops the log, not the detector.

    Args:
        path: the file; what it holds already stays. None writes nothing.

    Attributes:
        unwritten: lines that are not in the file, or not whole.

    Raises:
        BuildError: the file cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.unwritten = path, 0
        self._torn = False
        self._stream = _open(path) if path else None

    def write(self, event: str, values: Mapping[str, Any]) -> None:
        """One line."""
        if self._stream is None:
            return
        line = (json.dumps({"event": event, **values}) + "\n").encode()
        try:
            whole = self._stream.write(b"\n" * self._torn + line) == len(line) + self._torn
        except OSError:
            whole = False
        # Nothing is buffered: a line that was cut short is ended before the next one.
        self._torn = not whole
        self.unwritten += not whole

    def close(self) -> None:
        """Close the file."""
        if self._stream:
            self._stream.close()


def _open(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return cast(BinaryIO, path.open("ab", buffering=0))
    except OSError as error:
        raise BuildError(f"{path}: cannot write the log: {error.strerror}; name another file with --log") from error
