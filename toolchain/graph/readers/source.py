"""What a reader makes of a file: the integer graph, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.graph.graph import Graph

Format = Literal["QONNX", "QDQ", "TFLite"]


@dataclass(frozen=True)
class Port:
    """An input or output as the file has it.

    Attributes:
        name: in the file.
        shape: without the batch, axes in the file's own order.
        dtype: of its elements.
        datatype: qonnx DataType name of what it may hold, where the file says; "" for any value of the dtype.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    datatype: str = ""


@dataclass(frozen=True)
class Source:
    """A network as its file has it, and as integers.

    Attributes:
        inputs, outputs: the file's own, in order.
        front: from the file's inputs to integers for the graph's inputs, by the graph's names, channels last, as
            float32 or integers; standard ONNX, free batch. None where the inputs are the graph's own as they are.
        tail: from the graph's outputs, by `Output.name`, as float32 of ``scale * integer + offset``, channels last, to
            the file's outputs. None where these are they as they are: integers unscaled, floats scaled.
        notices: what a person should know: what was left out, rounded or assumed.
    """

    format: Format
    graph: Graph
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    front: onnx.ModelProto | None = None
    tail: onnx.ModelProto | None = None
    notices: tuple[str, ...] = ()

    @property
    def whole_outputs(self) -> tuple[bool, ...]:
        """Which outputs of the graph are the file's own integers, as they are."""
        if self.tail is not None:
            return (False,) * len(self.graph.outputs)
        return tuple(port.dtype.kind in "iu" for port in self.outputs)


Arrays = Mapping[str, NDArray[Any]]
"""Batches of each input or output, by its name, shape (N, ...)."""
