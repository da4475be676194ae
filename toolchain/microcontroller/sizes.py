"""What a board's program takes of flash and RAM, by what it is for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain.board import Chip, Memory
from toolchain.errors import FitError, ToolError
from toolchain.results.facts.mcu import MemoryUse, Sizes

_FLASH = {".text": "code", ".rodata": "weights and tables", ".data": "start values"}
_RAM = {
    "host_work": "work space",
    "host_vector": "vector",
    "host_input": "input, an element each",
    "host_output": "output",
    "host_answer": "answer",
}
"""Variables of `c/host_link.c` that depend on the network."""


def sizes_of(elf: Path, prefix: str, chip: Chip) -> Sizes:
    """Sizes of a linked program.

    Args:
        prefix: of the cross compiler's programs.

    Raises:
        ToolError: it cannot be read.
    """
    sections, symbols = _sections(elf, prefix), _symbols(elf, prefix)
    # Of an image that a boot ROM loads, all but the code is loaded to RAM.
    in_ram = (".rodata", ".data", ".bss", ".stack") if chip.image == "esp" else (".data", ".bss", ".stack")
    kept = {what: sections[name] for name, what in _FLASH.items() if chip.image != "esp" or name not in in_ram}
    flash, ram = sum(kept.values()), sum(sections[name] for name in in_ram)
    named = {what: symbols[name] for name, what in _RAM.items() if name in symbols}
    named["stack"] = sections[".stack"]
    if ".rodata" in in_ram:
        named[_FLASH[".rodata"]] = sections[".rodata"]
    return Sizes(
        flash=MemoryUse(used=flash, of=chip.flash.bytes, parts=kept),
        ram=MemoryUse(used=ram, of=chip.ram.bytes, parts={**named, "all else": ram - sum(named.values())}),
    )


def stack_of(elf: Path, prefix: str) -> Memory:
    """Where a linked program's stack lies.

    Raises:
        ToolError: it cannot be read, or names none.
    """
    rows = [line.split() for line in _run(f"{prefix}nm", [], elf)]
    places = {row[2]: int(row[0], 16) for row in rows if len(row) == 3}
    try:
        start, end = places["link_stack_start"], places["link_stack_end"]
    except KeyError as error:
        raise ToolError(f"{elf}: has no symbol {error}; its link script names the stack's ends") from error
    return Memory(start=start, bytes=end - start)


def must_fit(sizes: Sizes, board: str) -> None:
    """Refuse what is larger than the board's memories.

    Raises:
        FitError: says by how many bytes, and what takes most.
    """
    for name, use in (("flash", sizes.flash), ("RAM", sizes.ram)):
        if use.used > use.of:
            most, size = max(use.parts.items(), key=lambda part: part[1])
            raise FitError(
                f"{board}: {name}: {use.used:,} bytes are needed, {use.of:,} are there: {use.used - use.of:,} too "
                f"many; the most is {most}, {size:,} bytes"
            )


def _run(program: str, options: list[str], elf: Path) -> list[str]:
    try:
        done = subprocess.run([program, *options, str(elf)], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ToolError(f"{program} is missing; install it with `make system-deps`") from error
    if done.returncode:
        raise ToolError(f"{program}: {done.stderr.strip()[:500]}")
    return done.stdout.splitlines()


def _sections(elf: Path, prefix: str) -> dict[str, int]:
    rows = [line.split() for line in _run(f"{prefix}size", ["-A"], elf)]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[0].startswith(".") and row[1].isdigit()}


def _symbols(elf: Path, prefix: str) -> Mapping[str, int]:
    """Bytes of each variable and function."""
    rows = [line.split() for line in _run(f"{prefix}nm", ["-S"], elf)]
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4}
