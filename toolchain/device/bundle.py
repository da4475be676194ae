"""Copies of this project's modules for machines that do not have it: same files, same import paths, nothing more."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from toolchain.errors import BuildError

SOURCES = Path(__file__).resolve().parents[2]
"""Folder that holds the package `toolchain`: the repository, or `lib/` of a hand-off that is being finished."""

_ROOM = "toolchain"
_FILE = re.compile(r"\w+\.\w+")


def bundle(modules: Iterable[str], lib: Path) -> None:
    """Copy modules and all of `toolchain` that they import, directly or not, below `lib`.

    A module is given by its dotted name; a package brings all its files.

    Raises:
        BuildError: there is no such module.
    """
    for name in sorted(closure(modules)):
        target = lib / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / name, target)


def package_folder(package: str) -> Path:
    """The folder of a package, which may hold more than modules."""
    return SOURCES.joinpath(*package.split("."))


def module_file(module: str) -> Path:
    """The file of a module that is no package.

    Raises:
        BuildError: there is none.
    """
    [path] = _files(module)
    return path


def closure(modules: Iterable[str]) -> set[str]:
    """Names of the files that modules and their imports come from, relative to `SOURCES`."""
    found: set[str] = set()
    waiting = [path for module in modules for path in _files(module)]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(SOURCES).as_posix()
        if name in found:
            continue
        found.add(name)
        waiting += [*_needed(path), *_parents(path)]
    return found


def _files(module: str) -> list[Path]:
    path = SOURCES.joinpath(*module.split("."))
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    if path.with_suffix(".py").is_file():
        return [path.with_suffix(".py")]
    raise BuildError(f"{module}: no such module in {SOURCES}; mend the list of what a package brings")


@lru_cache(maxsize=1024)
def _needed(path: Path) -> tuple[Path, ...]:
    """What a module imports from `toolchain`, and the files beside it that it names."""
    return tuple(_found(path)) if path.suffix == ".py" else ()


def _found(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _FILE.fullmatch(node.value):
            yield from (file for file in [path.with_name(node.value)] if file.is_file())
        for name in _names(node):
            file = SOURCES.joinpath(*name.split("."))
            if name.split(".")[0] == _ROOM:
                yield from (p for p in (file.with_suffix(".py"), file / "__init__.py") if p.is_file())


def _names(node: ast.AST) -> Iterator[str]:
    """Dotted names an import may mean: what is imported from a package may be a module of it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _parents(path: Path) -> Iterator[Path]:
    """Packages around a module must be importable, too."""
    folders = (folder for folder in path.parents if SOURCES in folder.parents)
    yield from (folder / "__init__.py" for folder in folders if (folder / "__init__.py").is_file())
