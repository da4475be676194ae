"""What another program told as JSON, read key by key: what cannot be is an error that names key and value."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from toolchain.errors import VerificationError

_SHOWN = 40
_MOST_TEXT = 1_000_000


class ToldError(VerificationError):
    """A key that is missing, of another type, or holds what cannot be."""


class Told:
    """An object of a program's JSON, with the way to it.

    Args:
        value: what stands there.
        path: the keys that lead to it, for the message; empty at the top.

    Raises:
        ToldError: it is no object.
    """

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise ToldError(f"{path or 'the whole'}: {shown(value)}, should be an object")
        self.value, self.path = value, path

    def must_hold(self, *keys: str) -> None:
        """Refuse it without one of these keys, whatever their values."""
        for key in keys:
            self._at(key)

    def part(self, key: str) -> Told:
        """The object of a key."""
        return Told(self._at(key), self._path(key))

    def optional(self, key: str) -> Told | None:
        """The object of a key; None where it is absent or null."""
        return None if self.value.get(key) is None else self.part(key)

    def parts(self, key: str) -> list[Told]:
        """The objects of a list."""
        return [Told(one, f"{self._path(key)}[{index}]") for index, one in enumerate(self._list(key))]

    def texts(self, key: str) -> list[str]:
        """The texts of a list."""
        return [_text(one, f"{self._path(key)}[{index}]") for index, one in enumerate(self._list(key))]

    def text(self, key: str, choices: Collection[str] = ()) -> str:
        """A text; one of the choices, where there are any."""
        value = _text(self._at(key), self._path(key))
        if choices and value not in choices:
            self.refuse(key, f"should be {' or '.join(sorted(choices))}")
        return value

    def number(self, key: str, least: float, most: float) -> float:
        """A number within these bounds, which no infinity and no NaN is."""
        value = self._at(key)
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or (isinstance(value, float) and not math.isfinite(value)) or not least <= value <= most:
            self.refuse(key, f"should be {least:g} to {most:g}")
        return float(value)

    def whole(self, key: str, least: int, most: int) -> int:
        """A whole number within these bounds."""
        value = self._at(key)
        if type(value) is not int or not least <= value <= most:
            self.refuse(key, f"should be {least:,}" if least == most else f"should be {least:,} to {most:,}, whole")
        return int(value)

    def wholes(self, key: str, least: int, most: int) -> list[int]:
        """The whole numbers of a list, each within these bounds."""
        named = {f"{key}[{index}]": one for index, one in enumerate(self._list(key))}
        return [Told(named, self.path).whole(name, least, most) for name in named]

    def refuse(self, key: str, why: str) -> None:
        """Name a key and its value.

        Raises:
            ToldError: always.
        """
        raise ToldError(f"{self._path(key)}: {shown(self.value.get(key))}, {why}")

    def _at(self, key: str) -> Any:
        if key not in self.value:
            raise ToldError(f"{self._path(key)}: is missing")
        return self.value[key]

    def _list(self, key: str) -> list[Any]:
        value = self._at(key)
        if not isinstance(value, list):
            self.refuse(key, "should be a list")
        return list(value)

    def _path(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ToldError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ToldError(f"{shown(text.strip())} is no JSON") from None


def shown(value: Any) -> str:
    """A value for a message: short, on one line, and never what lies deep in it."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, str):
        value = repr(value[:_SHOWN]) + ("..." if len(value) > _SHOWN else "")
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**_SHOWN:
        value = f"a number of more than {_SHOWN} digits"
    return "null" if value is None else str(value)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise ToldError(f"{path}: {shown(value)}, should be a text")
    if len(value) > _MOST_TEXT:
        raise ToldError(f"{path}: {shown(value)}, should be {_MOST_TEXT:,} letters at most")
    return value
