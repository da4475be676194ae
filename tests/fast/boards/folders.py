"""The folders of `boards/`, by the schema that their board.yaml asks for."""

from __future__ import annotations

from pathlib import Path

import yaml

BOARDS = Path(__file__).parents[3] / "boards"


def boards_of(flow: str) -> list[str]:
    """Names of the boards whose board.yaml says `flow`, sorted."""
    files = sorted(BOARDS.glob("*/board.yaml"))
    return [file.parent.name for file in files if yaml.safe_load(file.read_text())["flow"] == flow]
