"""The import statements of a Python source, also those inside functions, without parsing the rest where that can be.

Each stage of a build asks this of some two hundred files before it starts; parsing them whole took a third of a second.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# A statement that begins its line; where it opens a bracket it goes on to the closing one.
_STATEMENT = re.compile(rb"^[ \t]*((?:from|import)\b[^\n(\\]*(?:\([^)\\]*\)[^\n\\]*)?)$", re.MULTILINE)
# The second half of a statement begins a line, too.
_CONTINUED = re.compile(rb"\\\r?\n[ \t]*import\b")
_WORD = re.compile(rb"\bimport\b")


def import_statements(text: bytes) -> list[ast.AST]:
    """All import statements; those of a line of prose that reads like one may be among them.

    Raises:
        SyntaxError, ValueError: the source is no Python, and all of it had to be parsed.
    """
    lines = _STATEMENT.findall(text)
    # Wherever else the word stands (in prose, behind a colon or a semicolon) only the parser knows what it is.
    elsewhere = len(_WORD.findall(text)) - sum(len(_WORD.findall(line)) for line in lines)
    if not elsewhere and not _CONTINUED.search(text):
        try:
            return list(ast.parse(b"\n".join(lines)).body)
        except (SyntaxError, ValueError):
            pass
    return list(_statements(ast.parse(text)))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node, also those inside functions and branches."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, field, ()):
            yield inner
            yield from _statements(inner)
