"""What answers for FINN's design: a class where the network ends in one, which the driver finds, else its integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hls.core import CoreOutput
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax
from toolchain.graph.types import IntType


@dataclass(frozen=True)
class FinnReference:
    """See `flows.stages.rtl.reference.Reference`."""

    graph: Graph

    @property
    def input_type(self) -> str:
        """See `Reference`."""
        return self.graph.types[self.graph.sole_input].element.datatype

    @property
    def output(self) -> CoreOutput:
        """See `Reference`."""
        node = self.graph[self._answer]
        if isinstance(node.op, ArgMax):
            return CoreOutput.label(self.graph.types[node.inputs[0]].channels)
        found = self.graph.types[node.name]
        kind = IntType.of(found.element.datatype)
        return CoreOutput(found.size, kind.bits, kind.low < 0, found.size, None, found.shape)

    @property
    def scaling(self) -> tuple[float, float] | None:
        """See `Reference`."""
        end = next(output for output in self.graph.outputs if output.node == self._answer)
        return None if self.output.classes else (end.scale, end.offset)

    def run(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """See `Reference`."""
        return run_one(self.graph, x, [self._answer])[self._answer].astype(np.int64).reshape(len(x), -1)

    @property
    def _answer(self) -> str:
        """The node whose tensor is the answer: the class, where there is one."""
        return self.graph.outputs[-1].node
