"""Reads Vivado's hardware hand-off (`.hwh`): where the blocks of a design lie in the processor's memory."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from toolchain.errors import ToolError


def addresses(path: Path) -> dict[str, int]:
    """Base address of each block that the processor reaches, by its instance name in lower case.

    Raises:
        ToolError: the file is missing, or is no hardware hand-off.
    """
    try:
        tree = ElementTree.parse(path)
    except (OSError, ElementTree.ParseError) as error:
        raise ToolError(f"{path}: is no hardware hand-off of Vivado ({error}); copy the package again") from error
    ranges = tree.iter("MEMRANGE")
    return {
        entry.attrib["INSTANCE"].lower(): int(entry.attrib["BASEVALUE"], 0)
        for entry in ranges
        if "INSTANCE" in entry.attrib and "BASEVALUE" in entry.attrib
    }


def address_of(path: Path, instance: str) -> int:
    """Base address of one block.

    Raises:
        ToolError: the design has none of this name.
    """
    found = addresses(path)
    if instance not in found:
        listed = ", ".join(sorted(found)) or "nothing"
        raise ToolError(f"{path}: the processor reaches no {instance}; it reaches {listed}")
    return found[instance]
