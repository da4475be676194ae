"""Random units of the kinds that move, add and reduce, with what the integer graph says of their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hls.units.stream import Stream
from tests.sim.hls.units.bench import Case
from toolchain.graph.ops import Op
from toolchain.graph.types import IntType, TensorType

Codes = NDArray[np.int64]
INFERENCES = 3


def codes_of(values: Codes, element: IntType) -> Codes:
    """Codes on a wire, a row an inference."""
    codes, rest = np.divmod(values.astype(np.int64).reshape(len(values), -1) - element.low, element.step)
    assert not rest.any()
    return codes


def random_values(rng: np.random.Generator, tensor: TensorType, inferences: int = INFERENCES) -> Codes:
    """Values of the tensor's type, shape (inferences, *shape); both bounds are among them."""
    steps = (tensor.high - tensor.low) // tensor.step
    drawn = rng.integers(0, steps + 1, (inferences, *tensor.shape))
    drawn[0], drawn[-1] = 0, steps
    return tensor.low + tensor.step * drawn


def stream_of(tensor: TensorType, lanes: int) -> Stream:
    return Stream(tensor.element, lanes, tensor.size // lanes)


def checked(
    unit: Callable[[Sequence[Stream], IntType], object],
    op: Op,
    tensors: Sequence[TensorType],
    lanes: int,
    rng: np.random.Generator,
) -> Case:
    """The case of an operator over whole tensors in raster order, whose unit counts as the graph does."""
    values = [random_values(rng, tensor) for tensor in tensors]
    streams = [stream_of(tensor, lanes) for tensor in tensors]
    element = op.result(*tensors).element
    built = unit(streams, element)
    (out,) = built.outputs
    taken = [codes_of(v, s.element) for v, s in zip(values, streams, strict=True)]
    return Case(built, taken, [codes_of(op.run(*values), out.element)])
