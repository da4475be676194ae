"""What answers for a chip: the inputs that it takes, and the right answer to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.deciding import numbers_of
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.results.core import CoreOutput


class Reference(Protocol):
    """A network as what holds a chip's answers needs it."""

    @property
    def input_type(self) -> str:
        """Type of an input's elements, by its qonnx name."""

    @property
    def output(self) -> CoreOutput:
        """What the chip answers with."""

    @property
    def scaling(self) -> tuple[float, float] | None:
        """Scale and offset that make the network's own output of an integer; None where the answer is a class."""

    @property
    def decides(self) -> bool:
        """Whether an inference may end early, at a stage whose number is the last element of its answer."""

    def run(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """The right answers, shape (vectors, output.elements), to integer inputs of shape (vectors, inputs)."""


@dataclass(frozen=True)
class DenseReference:
    """A chain of dense layers, whose answer is a class."""

    network: DenseNetwork

    @property
    def input_type(self) -> str:
        """See `Reference`."""
        return self.network.input_type

    @property
    def output(self) -> CoreOutput:
        """See `Reference`."""
        return CoreOutput.label(self.network.classes)

    @property
    def scaling(self) -> None:
        """See `Reference`."""
        return None

    @property
    def decides(self) -> bool:
        """See `Reference`."""
        return False

    def run(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """See `Reference`."""
        return self.network.run(x).labels.reshape(-1, 1)


@dataclass(frozen=True)
class GraphReference:
    """A graph of one output.

    Attributes:
        output: what the chip answers with of it.
    """

    graph: Graph
    output: CoreOutput

    @property
    def input_type(self) -> str:
        """See `Reference`."""
        return self.graph.types[self.graph.sole_input].element.datatype

    @property
    def scaling(self) -> tuple[float, float] | None:
        """See `Reference`."""
        (end,) = self.graph.outputs
        return None if self.output.classes else (end.scale, end.offset)

    @property
    def decides(self) -> bool:
        """See `Reference`."""
        return bool(numbers_of(self.graph))

    def run(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """See `Reference`."""
        (end,) = self.graph.outputs
        return run_one(self.graph, x, [end.node])[end.node].astype(np.int64).reshape(len(x), -1)
