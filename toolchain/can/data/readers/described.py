"""What an unknown CSV looks like, so that its columns can be told."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from toolchain.can.data.readers.columns import FOLDER_FILE

_SEPARATORS = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}
_LINES, _SHOWN, _LONGEST = 5, 8, 24
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def described(head: bytes) -> str:
    """A clause such as `: a CSV of 3 columns (time, id, data) between ';'; name them in columns.yaml beside it`.

    Args:
        head: the file's first bytes.
    """
    lines = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "backslashreplace").splitlines()
    rows = [line for line in lines if line.strip()][:_LINES]
    separator = max(_SEPARATORS, key=lambda sign: min((row.count(sign) for row in rows), default=0))
    cells = _cells(rows, separator)
    if not cells or len(cells[0]) < 2:
        return ""
    decimal = ", with decimal commas" if any(map(_has_decimal_comma, cells)) else ""
    return (
        f": a CSV of {len(cells[0])} columns ({_shown(cells[0])}) between {_SEPARATORS[separator]}{decimal}; "
        f"name them in {FOLDER_FILE} beside it (docs/tutorial.md, section 7)"
    )


def _cells(rows: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(rows, delimiter=separator)]
    except csv.Error:
        return []


def _has_decimal_comma(cells: Sequence[str]) -> bool:
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:_LONGEST]}'" for name in names[:_SHOWN])
    return shown + (" ..." if len(names) > _SHOWN else "")
