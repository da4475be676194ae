"""The folders of `boards/`, by the schema that their board.yaml asks for."""

from __future__ import annotations

from pathlib import Path

import yaml

from toolchain.board import OpenBoard

BOARDS = Path(__file__).parents[3] / "boards"


def boards_of(flow: str) -> list[str]:
    """Names of the boards whose board.yaml says `flow`, sorted."""
    files = sorted(BOARDS.glob("*/board.yaml"))
    return [file.parent.name for file in files if yaml.safe_load(file.read_text())["flow"] == flow]


def open_board(name: str) -> OpenBoard:
    """A board of the open flow."""
    return OpenBoard(**yaml.safe_load((BOARDS / name / "board.yaml").read_text()))


def one_of_each_family() -> list[str]:
    """A board of each family of open tools."""
    return sorted({open_board(name).fpga.family: name for name in boards_of("fpga_open")}.values())
