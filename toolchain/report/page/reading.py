"""Reads JSON that anybody may have written: a plain file of bounded size, whose values can be shown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MOST_BYTES = 64 << 20
MOST = 1e20
"""Greater numbers are no figures of anything here."""
_LONGEST = 2000


def read_object(path: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The object in a file, None where there is none; and which of its values are no figures, and were left out."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None, []
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None, []
    return showable(content) if isinstance(content, dict) else (None, [])


def showable(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """An object as `plain` gives it, and which of its values are no figures, and were left out."""
    shown: dict[str, Any] = plain(content)
    return shown, [f"{'.'.join(keys)}: {value}: no figure, left out" for keys, value in _lost(content, ())]


def plain(value: Any) -> Any:
    """The same with texts that can be written, and None for numbers that are no figures."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if _is_lost(value) else value


def _text(value: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in value[:_LONGEST])


def _is_lost(value: Any) -> bool:
    return isinstance(value, int | float) and not (-MOST <= value <= MOST and not _is_nan(value))


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _lost(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in inside:
            yield from _lost(item, (*keys, _text(str(key))[:80]))
    elif _is_lost(value):
        yield keys, f"{value:g}" if isinstance(value, float) else "an integer of many digits"
