"""What the tests of the FPGA tools share."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from toolchain.board import OpenBoard

_BOARDS = Path(__file__).parents[4] / "boards"


@pytest.fixture(params=["ulx3s", "icebreaker", "tangnano9k"])
def board(request: pytest.FixtureRequest) -> OpenBoard:
    """Each board in turn."""
    return OpenBoard(**yaml.safe_load((_BOARDS / request.param / "board.yaml").read_text()))


@pytest.fixture
def ulx3s() -> OpenBoard:
    """The default board."""
    return OpenBoard(**yaml.safe_load((_BOARDS / "ulx3s" / "board.yaml").read_text()))
