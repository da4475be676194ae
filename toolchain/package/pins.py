"""The pinned Python packages: what they should be, and what is installed."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from toolchain.layout import PINS


def pinned(root: Path) -> dict[str, str]:
    """Versions that the files of pins name, by package."""
    lines = [line for name in PINS for line in (root / name).read_text().splitlines()]
    pairs = (line.partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name.strip(): pin.strip() for name, _, pin in pairs}


def required() -> set[str]:
    """Packages that an installed `gateweave` asks for itself, without what those ask for."""
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires("gateweave") or ()}


def installed(names: dict[str, str]) -> dict[str, str | None]:
    """Installed version of each package, without its local part (`+cpu`); None where it is missing."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return None
