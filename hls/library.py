"""Modules of the Verilog library as a chip takes them: with what settings need, or without a trace of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

LIBRARY = Path(__file__).parent / "rtl"

_BEGIN, _ELSE, _END = "`ifdef SETTINGS", "`else", "`endif"


def copy_modules(names: Iterable[str], rtl_dir: Path, *, settings: bool) -> None:
    """Write modules of the library into a folder, their ``ifdef SETTINGS`` resolved: no tool has to know of it."""
    for name in names:
        lines = (LIBRARY / name).read_text().splitlines(keepends=True)
        (rtl_dir / name).write_text("".join(_resolved(lines, settings)))


def _resolved(lines: Iterable[str], settings: bool) -> Iterator[str]:
    inside, kept = False, True
    for line in lines:
        word = line.strip()
        if word == _BEGIN:
            inside, kept = True, settings
        elif inside and word in (_ELSE, _END):
            inside, kept = word == _ELSE, word == _END or not kept
        elif kept:
            yield line
