"""What the code imports from elsewhere, pip brings along: by name, or because something named needs it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from tests.conftest import REPOSITORY

_ROOMS = ("gateweave", "toolchain", "flows", "hls", "models")
# Installed apart (requirements-finn.txt), or there on a board only, or beside a program of a package.
_ELSEWHERE = {"finn", "pynq", "driver", "sessions"}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(lines: Iterable[str]) -> set[str]:
    """Packages of requirements, without those that only an extra asks for."""
    return {_plain(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines if "extra ==" not in line}


def _imported() -> dict[str, Path]:
    """Each package that is imported from outside, and a file that does so."""
    files = [path for room in _ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))]
    known = {*sys.stdlib_module_names, *_ROOMS, *_ELSEWHERE}
    return {name: path for path in files for name in _names(path) if name not in known}


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_import_comes_along() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    named = _named(project["dependencies"])
    brought = named | {inner for name in named for inner in _named(requires(name) or ())}
    owners = packages_distributions()
    imported = _imported()
    assert {"torch", "numpy", "yaml", "google"} <= set(imported)
    missing = {
        name: str(path.relative_to(REPOSITORY))
        for name, path in imported.items()
        if not brought & {_plain(owner) for owner in owners.get(name, ())}
    }
    assert missing == {}
