"""Small programs for microcontrollers, of networks with known inputs and answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.stages.finn.reference import finn_reference
from flows.stages.mcu.program import types_of
from flows.stages.rtl.reference import GraphReference
from tests.fast.boards.folders import boards_of
from tests.fast.toolchain.kernels.networks import feeds_of
from toolchain.board import McuBoard
from toolchain.catalog import load_board
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear
from toolchain.graph.types import TensorType
from toolchain.kernels.generate import c_source
from toolchain.microcontroller.firmware import Program

BOARDS = boards_of("mcu")


def mcu_board(name: str = "nucleo-f446re") -> McuBoard:
    """A microcontroller's board."""
    board = load_board(name)
    assert isinstance(board, McuBoard)
    return board


def known(
    inputs: int = 21, low: int = -128, high: int = 127, step: int = 1, *, outputs: int = 5, label: bool = False
) -> GraphReference:
    """One matrix product, and the class of its scores where one is asked for."""
    random, graph = np.random.default_rng(inputs), Graph()
    graph.add("x", Input(TensorType((inputs,), low, high, step)))
    weights, bias = random.integers(-128, 128, (inputs, outputs)), random.integers(-999, 999, outputs)
    end = graph.add("scores", Linear(weights, bias), "x")
    if label:
        end = graph.add("class", ArgMax(), end)
    graph.end("y", end)
    return finn_reference(graph)


def program(reference: GraphReference) -> Program:
    """Its program, under a hash of its own."""
    return Program(c_source(reference.graph), types_of(reference), b"a model!", b"a build!")


def vectors(reference: GraphReference, count: int) -> NDArray[Any]:
    """Inputs over the whole range, both ends of it first, shape (count, inputs)."""
    feeds = feeds_of(reference.graph, 1, count)
    return feeds[reference.graph.sole_input].reshape(count, -1)
