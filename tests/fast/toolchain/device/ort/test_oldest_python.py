"""The code that runs on the device must run under Python 3.6, which a Jetson Nano has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.layout import ROOT

_DEVICE = ROOT / "toolchain" / "device"
_FILES = [
    *sorted((_DEVICE / "ort").glob("*.py")),
    *sorted((_DEVICE / "scripts" / "ort").glob("*.py")),
    *sorted((_DEVICE / "runner").glob("*.py")),
    _DEVICE / "__init__.py",
    _DEVICE / "intact.py",
    _DEVICE / "opening.py",
    ROOT / "toolchain" / "__init__.py",
    ROOT / "toolchain" / "errors.py",
]
# What came later than 3.6 and is easily used by mistake: modules, keyword arguments, methods.
_MODULES = {"dataclasses", "contextvars", "importlib.metadata", "importlib.resources", "zoneinfo", "graphlib"}
_KEYWORDS = {"capture_output", "missing_ok", "dirs_exist_ok", "strict"}
_METHODS = {"removeprefix", "removesuffix", "is_relative_to", "readlink", "isascii", "cached_property"}


def _later(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from _later_import(node)
        elif isinstance(node, ast.keyword) and node.arg in _KEYWORDS:
            yield f"keyword {node.arg}"
        elif isinstance(node, ast.Attribute) and node.attr in _METHODS:
            yield f"attribute {node.attr}"


def _later_import(node: ast.ImportFrom | ast.Import) -> Iterator[str]:
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    yield from (f"module {name}" for name in modules if name in _MODULES)
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        yield from (f"__future__ {alias.name}" for alias in node.names if alias.name == "annotations")


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_nothing_is_newer_than_python_3_6(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    assert list(_later(tree)) == []


@pytest.mark.parametrize(
    "code",
    [
        "from __future__ import annotations",
        "import dataclasses",
        "subprocess.run(x, capture_output=True)",
        "'abc'.removeprefix('a')",
    ],
)
def test_the_check_catches_what_is_newer(code: str) -> None:
    assert list(_later(ast.parse(code)))


def test_newer_syntax_is_caught() -> None:
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 6))
