"""Standard output and error that take whatever is said: any text on any terminal, and a reader that has left."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

_PLAIN = {
    "✓": "+",
    "✗": "x",
    "○": "o",
    "…": "...",
    "\N{EN DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "·": ".",
    "µ": "u",
    "→": "->",
}
"""What stands for a sign that a terminal does not know."""


def make_sturdy() -> None:
    """Take the place of Python's standard streams, which end a program over a sign or a closed pipe."""
    codecs.register_error("gateweave", _plain)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream: TextIO | None = getattr(sys, name)
        # Another stream stands there in tests; none at all where the descriptor was closed.
        if stream is None or stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _sturdy(stream, descriptor))


def _sturdy(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    stream.flush()
    raw = io.BufferedWriter(_Pipe(descriptor, "w", closefd=False))
    return io.TextIOWrapper(raw, stream.encoding, "gateweave", line_buffering=True)


class _Pipe(io.FileIO):
    """A descriptor; where nobody reads it any more, what is written goes nowhere and the work goes on."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            # Also where the error is told: what is left in the buffer must not raise a second one at the end.
            self._close_tap()
            if not isinstance(error, BrokenPipeError):
                raise
        return super().write(data)  # type: ignore[arg-type]

    def _close_tap(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in text), error.end
