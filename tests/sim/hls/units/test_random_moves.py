"""Random units that move, add and reduce: values as the integer graph says, clocks as their tokens say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import add, concat, fork, reduce, repeat, select, transpose, width
from hls.units.stream import Stream
from hls.units.unit import Unit
from tests.sim.hls.units.bench import Case, check
from tests.sim.hls.units.cases import checked, codes_of, random_values, stream_of
from toolchain.graph.ops import Add, Concat, Op, Reduce, Repeat, Select, Transpose, Window
from toolchain.graph.types import IntType, TensorType

COUNT = 20
KINDS = ("width", "fork", "add", "reduce", "concat", "select", "repeat", "transpose")


def test_random_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(1212)
    check(tmp_path, *(random_case(rng, KINDS[i % len(KINDS)], f"unit{i}") for i in range(COUNT)), seeds=(0, 3))


def random_case(rng: np.random.Generator, kind: str, name: str) -> Case:
    """A unit of a kind, of any shape and lanes, with values over its whole range."""
    if kind in ("width", "fork"):
        return _passing(rng, kind, name)
    if kind == "reduce":
        return _reduced(rng, name)
    lanes = int(rng.integers(1, 4)) if kind != "transpose" else 1
    tensors = [_tensor(rng, lanes)]
    if kind == "concat":
        tensors = [_of(rng, tensors[0], lanes * int(rng.integers(1, 4))) for _ in range(rng.integers(2, 5))]
    elif kind == "add":
        tensors = [_wide(rng, tensors[0]) for _ in range(rng.integers(1, 4))]
    op = _operator(rng, kind, tensors, lanes)
    return checked(lambda streams, element: _unit(name, op, tensors, streams, element), op, tensors, lanes, rng)


def _tensor(rng: np.random.Generator, lanes: int) -> TensorType:
    shape = (*rng.integers(1, 5, 2), lanes * int(rng.integers(1, 4)))
    low, steps, step = int(rng.integers(-200, 200)), int(rng.integers(1, 2 ** int(rng.integers(1, 12)))), 1
    return TensorType(shape, low, low + step * steps, step)


def _of(rng: np.random.Generator, like: TensorType, channels: int) -> TensorType:
    """Another number of channels, and fewer values from the same lowest on."""
    low = int(like.low[0])
    return TensorType((*like.shape[:-1], channels), low, int(rng.integers(low, like.high[0] + 1)))


def _wide(rng: np.random.Generator, like: TensorType) -> TensorType:
    """The same shape with channels of bounds of their own."""
    step, bits = int(rng.integers(1, 5)), int(rng.integers(1, 30))
    low = rng.integers(-(2**bits), 2**bits, like.channels)
    return TensorType(like.shape, low, low + step * rng.integers(1, 2**bits + 1, like.channels), step)


def _operator(rng: np.random.Generator, kind: str, tensors: list[TensorType], lanes: int) -> Op:
    channels = tensors[0].channels
    if kind == "add":
        return Add(tuple(int(f) or 1 for f in rng.integers(-300, 300, len(tensors))))
    if kind == "concat":
        return Concat()
    if kind == "select":
        beats = rng.integers(0, channels // lanes, rng.integers(1, 6))
        return Select(tuple((beats[:, None] * lanes + np.arange(lanes)).reshape(-1).tolist()))
    if kind == "repeat":
        return Repeat((int(rng.integers(1, 4)), int(rng.integers(1, 4))))
    return Transpose(tuple(rng.permutation(3).tolist()))


def _unit(name: str, op: Op, tensors: list[TensorType], streams: list[Stream], element: IntType) -> Unit:
    (first, *_) = tensors
    if isinstance(op, Add):
        return add.build(name, streams, op.factors, element)
    if isinstance(op, Concat):
        return concat.build(name, streams, [t.channels for t in tensors], element)
    if isinstance(op, Select):
        return select.build(name, streams[0], op.channels, first.channels, element)
    if isinstance(op, Repeat):
        return repeat.build(name, streams[0], first.shape, op.by)
    assert isinstance(op, Transpose)
    return transpose.build(name, streams[0], first.shape, op.order)


def _passing(rng: np.random.Generator, kind: str, name: str) -> Case:
    fewer, ratio, bits = (int(n) for n in rng.integers((1, 2, 1), (4, 5, 41)))
    lanes, to = (fewer, fewer * ratio) if rng.random() < 0.5 else (fewer * ratio, fewer)
    stream = Stream(IntType(0, 2**bits - 1), lanes, ratio * int(rng.integers(1, 8)))
    codes = rng.integers(0, 2**bits, (3, stream.elements))
    if kind == "fork":
        return Case(fork.build(name, stream, ratio), [codes], [codes] * ratio)
    return Case(width.build(name, stream, to), [codes], [codes])


def _reduced(rng: np.random.Generator, name: str) -> Case:
    """Over all positions."""
    lanes = int(rng.integers(1, 3))
    tensor = _tensor(rng, lanes)
    window = Window(tensor.shape[:-1], (1, 1), (0, 0), (0, 0), (1, 1))
    op = Reduce("max" if rng.random() < 0.5 else "sum", window.taps)
    unit = reduce.build(name, stream_of(tensor, lanes), op, tensor.channels // lanes)
    values = random_values(rng, tensor)
    return Case(
        unit,
        [codes_of(values, tensor.element)],
        [codes_of(op.run(window.run(values)), unit.outputs[0].element)],
    )
