"""Import statements are found as the parser finds them, whatever stands around them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flows.imports import import_statements
from tests.conftest import REPOSITORY


def _names(statements: list[ast.AST]) -> set[str]:
    return {ast.dump(node) for node in statements if isinstance(node, ast.Import | ast.ImportFrom)}


def _parsed(text: bytes) -> set[str]:
    return _names(list(ast.walk(ast.parse(text))))


@pytest.mark.parametrize(
    "text",
    [
        b"import a, b.c as d  # why\nfrom . import e\n",
        b"from a import (\n    b,\n    c as d,  # why\n)\n",
        b"from a import (  # a bracket) in a remark\n    b,\n)\n",
        b"def f():\n    if x:\n        from a import b\n    import c; import d\n",
        b"if x: import a\nimport b\n",
        b"x = 1; import a\n",
        b"try:\n    import a\nexcept ImportError: from b import c\n",
        b"from a \\\n    import b\n",
        b"import a.\\\nb\n",
        b"from a import \\\n    b\n",
        b"import a\r\nfrom b import (c,\r\n    d)\r\n",
        b"match x:\n    case 1:\n        import a\n",
        b'"""Prose of an import.\nfrom here to there\nimport nothing of this\n"""\nimport a\n',
        b"#!/usr/bin/env python3\nimport\tos\nfrom\tx\timport\ty\n",
    ],
)
def test_a_statement_is_found(text: bytes) -> None:
    assert _parsed(text) == _names(import_statements(text))


def test_none_of_this_repository_is_missed() -> None:
    files = [path for room in ("toolchain", "flows", "models") for path in (REPOSITORY / room).rglob("*.py")]
    assert len(files) > 300
    for path in _every_seventh(files):
        text = path.read_bytes()
        assert _parsed(text) <= _names(import_statements(text)), path


def _every_seventh(files: list[Path]) -> list[Path]:
    """Parsing all of them takes seconds."""
    return sorted(files)[::7]


def test_of_a_source_that_is_no_python_the_statements_are_told_or_it_is_refused() -> None:
    assert _names(import_statements(b"def (\nimport a\n")) == _parsed(b"import a")
    with pytest.raises(SyntaxError):
        import_statements(b"import (\n")
