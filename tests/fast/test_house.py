"""Who imports whom: the rules of docs/architecture.md over all imports of the tree, those inside functions too.

A package is a folder of `toolchain/`, a module directly in it, or one of `hls`, `flows` and `models`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

_ROOMS = ("toolchain", "hls", "flows", "models")
# The table of registers gives Verilog, driver and documentation.
_LINK = tuple(f"toolchain.device.link.{name}" for name in ("registers", "protocol", "settings"))
# What a core and its folding are crosses stages.
_RECORDS = ("toolchain.results.core", "toolchain.results.folding")
_ALLOWED = {
    "hls": ("toolchain.graph", "toolchain.errors", *_RECORDS, *_LINK),
    "toolchain.device": ("toolchain.errors", "toolchain.files"),
}
"""What a package may import besides itself; who is not named may import all that makes no circle."""


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(name: str, root: Path) -> bool:
    base = root.joinpath(*name.split("."))
    return base.with_suffix(".py").is_file() or base.is_dir()


def _imported(path: Path, root: Path) -> Iterator[str]:
    """Modules of the tree that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = _from(node, _base(node, path, root), root)
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in _ROOMS)


def _from(node: ast.ImportFrom, base: str, root: Path) -> list[str]:
    """What `from base import` brings; only the tree's own names are worth a look at the disk."""
    if base.split(".")[0] not in _ROOMS:
        return [base]
    inner = [f"{base}.{alias.name}" for alias in node.names]
    return [name if _is_module(name, root) else base for name in inner]


def _base(node: ast.ImportFrom, path: Path, root: Path) -> str:
    """The module behind `from`; the device's files name it relative to their own."""
    above = path.parent.relative_to(root).parts[: 1 - node.level or None] if node.level else ()
    return ".".join([*above, *([node.module] if node.module else [])])


def _package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "toolchain" else 1])


def _imports(root: Path) -> set[tuple[str, str]]:
    """(importing module, imported module) over package borders."""
    files = [path for room in _ROOMS for path in (root / room).rglob("*.py")]
    pairs = {(_module(path, root), name) for path in files for name in _imported(path, root)}
    return {(by, name) for by, name in pairs if _package(by) != _package(name)}


def _below(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _breaches(imports: set[tuple[str, str]]) -> list[str]:
    """Imports that a package may not have."""
    found = []
    for by, name in sorted(imports):
        allowed = _ALLOWED.get(_package(by))
        outward = by.split(".")[0] == "toolchain" and name.split(".")[0] != "toolchain"
        if outward or (allowed is not None and not _below(name, allowed)):
            found.append(f"{by} imports {name}")
    return found


def _circles(imports: set[tuple[str, str]]) -> list[str]:
    """Packages that lead back to themselves, each with an import that does so."""
    leads: dict[str, set[str]] = {}
    for by, name in imports:
        leads.setdefault(_package(by), set()).add(_package(name))
    reached = {package: _reached(package, leads) for package in leads}
    return sorted(
        f"{by} imports {name}, which leads back to {_package(by)}"
        for by, name in imports
        if _package(by) in reached.get(_package(name), ())
    )


def _reached(start: str, leads: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        for package in leads.get(pending.pop(), set()) - found:
            found.add(package)
            pending.append(package)
    return found


@pytest.fixture(scope="module")
def imports() -> set[tuple[str, str]]:
    return _imports(REPOSITORY)


def test_packages_import_what_they_may(imports: set[tuple[str, str]]) -> None:
    assert len(imports) > 300
    assert _breaches(imports) == []


def test_no_two_packages_import_each_other_nor_in_a_circle(imports: set[tuple[str, str]]) -> None:
    assert _circles(imports) == []


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("toolchain/report/a.py", "from hls import fold", "toolchain.report.a imports hls.fold"),
        ("hls/b.py", "import toolchain.board", "hls.b imports toolchain.board"),
        ("toolchain/device/c.py", "from toolchain.board import Board", "toolchain.device.c imports toolchain.board"),
    ],
)
def test_a_breach_is_seen_inside_functions_too(tmp_path: Path, file: str, line: str, said: str) -> None:
    _tree(tmp_path, {file: line, "hls/fold.py": "", "toolchain/board.py": ""})
    assert _breaches(_imports(tmp_path)) == [said]


def test_a_circle_over_three_packages_is_seen(tmp_path: Path) -> None:
    _tree(
        tmp_path,
        {
            "toolchain/a/x.py": "from toolchain.b import y",
            "toolchain/b/y.py": "from toolchain import c",
            "toolchain/c.py": "from toolchain.a.x import Thing",
        },
    )
    assert _circles(_imports(tmp_path)) == [
        "toolchain.a.x imports toolchain.b.y, which leads back to toolchain.a",
        "toolchain.b.y imports toolchain.c, which leads back to toolchain.b",
        "toolchain.c imports toolchain.a.x, which leads back to toolchain.c",
    ]


def _tree(root: Path, files: dict[str, str]) -> None:
    for name, line in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def function():\n    {line or 'pass'}\n")
