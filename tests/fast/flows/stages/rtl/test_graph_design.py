"""What a host link cannot carry is refused before anything is folded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.stages.context import Context
from flows.stages.rtl.graph_design import GraphDesign
from flows.stages.rtl.shell import shell_of
from tests.sim.hls.graphs import Growing
from toolchain.errors import TooLargeError
from toolchain.layout import Layout, Request


@pytest.mark.parametrize(
    ("board", "shape", "outputs", "said"),
    [
        ("zcu104", (182, 181, 1), 1, "a vector of up to 32,768 bytes, not of 32,942"),
        ("zcu104", (64, 64, 1), 4, "an answer of up to 16,383 bytes, not of "),
        ("ulx3s", (128, 128, 1), 4, "an answer of up to 65,280 bytes, not of "),
    ],
)
def test_vectors_and_answers_that_the_link_does_not_carry(
    board: str, shape: tuple[int, ...], outputs: int, said: str, tmp_path: Path
) -> None:
    growing = Growing(np.random.default_rng(1), shape, -128, 127)
    growing.convolution(outputs)
    growing.graph.end("sums", growing.last)
    request = Request(board, "net", flow="dataflow" if board == "zcu104" else "fpga_open")
    context = Context("fold", request, Layout(request, tmp_path), tmp_path)
    with pytest.raises(TooLargeError, match=f"the host link carries {said}"):
        GraphDesign(growing.graph).must_fit(context, shell_of(context.board).cost)
