"""How many vectors a chip stores: as its block RAM allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flows.stages.files import bench_vectors
from toolchain.catalog import load_board
from toolchain.graph.types import TensorType


@pytest.mark.parametrize(
    ("board", "shape", "high", "stored"),
    [
        ("ulx3s", (28, 28, 1), 255, 16),
        ("tangnano9k", (28, 28, 1), 255, 4),
        ("icebreaker", (28, 28, 1), 255, 1),
        ("icebreaker", (183,), 3, 16),
        ("ulx3s", (96, 96, 3), 255, 0),
        ("zcu104", (96, 96, 3), 255, 1),
    ],
)
def test_a_sixteenth_of_the_block_ram_at_most_but_one_vector_and_no_long_one_on_open_boards(
    board: str, shape: tuple[int, ...], high: int, stored: int
) -> None:
    context: Any = SimpleNamespace(fpga_board=load_board(board))
    assert bench_vectors(context, TensorType(shape, 0, high)) == stored
