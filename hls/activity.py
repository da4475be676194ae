"""Switching activity as a simulation counted it, in SAIF (Switching Activity Interchange Format, IEEE 1801, annex)."""

from __future__ import annotations

import re

_WORD = re.compile(r"\(\s*INSTANCE\s+(\S+)|\(\s*TC\s+(\d+)|[()]")


def toggles_in(text: str, instance: str) -> int:
    """How often the bits of all nets in an instance changed, in those within it too.

    A port counts in the module that has it and in the one around it.

    Args:
        text: of a SAIF file.
        instance: its name.
    """
    total, depth, inside = 0, 0, None
    for found in _WORD.finditer(text):
        named, count = found.groups()
        if found[0] == ")":
            depth -= 1
            inside = None if inside is not None and depth < inside else inside
            continue
        depth += 1
        if named == instance and inside is None:
            inside = depth
        if count and inside is not None:
            total += int(count)
    return total
