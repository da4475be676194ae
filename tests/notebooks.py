"""Runs a notebook's cells in order, in a process of its own, as a fresh kernel would."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any


def cells_of(notebook: Path) -> list[str]:
    """The text of each cell of code."""
    cells = json.loads(notebook.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run(notebook: Path) -> None:
    """Run all cells in one namespace; the value of a last expression is printed, as a notebook shows it."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, text in enumerate(cells_of(notebook), 1):
        name = f"{notebook.name}, cell {number}"
        tree = ast.parse(text, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
            if value is not None:
                print(repr(value))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
