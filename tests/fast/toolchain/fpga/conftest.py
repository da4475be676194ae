"""What the tests of the FPGA tools share."""

from __future__ import annotations

import pytest

from tests.fast.boards.folders import one_of_each_family, open_board
from toolchain.board import OpenBoard


@pytest.fixture(params=one_of_each_family())
def board(request: pytest.FixtureRequest) -> OpenBoard:
    """A board of each family in turn."""
    return open_board(request.param)


@pytest.fixture
def ulx3s() -> OpenBoard:
    """The default board."""
    return open_board("ulx3s")
