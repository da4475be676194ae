"""Operators that put tensors together and take them apart."""

from __future__ import annotations

from toolchain.errors import ModelError
from toolchain.graph.ops import Concat
from toolchain.graph.readers.tflite.building import Building, axis_of, inner, numbers
from toolchain.graph.readers.tflite.flatbuffer import Operator
from toolchain.graph.readers.tflite.operators.moves import same_codes


def concatenation(b: Building, operator: Operator) -> str:
    """CONCATENATION of tensors of one scale, as TFLite's kernel for int8 demands."""
    result = b.output(operator)
    if operator.options["FusedActivationFunction"]:
        raise ModelError("a fused activation, which TFLite's kernel has not; export it apart")
    places = range(len(operator.inputs))
    for place in places:
        if not same_codes(b.tensor(operator, place), result):
            raise ModelError(
                f"input {place}, {b.tensor(operator, place)}, has another scale than the output, which TFLite refuses, "
                "too; requantise it before (QUANTIZE)"
            )
    nodes = [b.node(operator, place) for place in places]
    return b.along(operator, "", axis_of(result, operator.options["Axis"]), Concat(), *nodes)


def split(b: Building, operator: Operator) -> list[str]:
    """SPLIT into equal parts."""
    axis = axis_of(b.tensor(operator, 1), numbers(b.tensor(operator, 0), 1)[0])
    node, count = b.node(operator, 1), len(operator.outputs)
    size = b.shape(node)[axis]
    if not count or size % count:
        raise ModelError(f"{size} positions in {count} parts; a whole number each is expected")
    own = size // count
    return [b.taken(operator, f"part_{i}", node, axis, range(i * own, (i + 1) * own)) for i in range(count)]


def cut(b: Building, operator: Operator) -> str:
    """SLICE: a start and a size of each axis; a size of -1 goes to the end."""
    node, source = b.node(operator), b.tensor(operator, 0)
    starts, sizes = (numbers(b.tensor(operator, place)) for place in (1, 2))
    if not len(starts) == len(sizes) == len(source.shape):
        raise ModelError(f"starts {starts} and sizes {sizes} of shape {source.shape}")
    ends = [n if size == -1 else start + size for start, size, n in zip(starts, sizes, source.shape, strict=True)]
    if not all(0 <= s < e <= n for s, e, n in zip(starts, ends, source.shape, strict=True)):
        raise ModelError(f"starts {starts} and sizes {sizes} lie outside shape {source.shape}")
    return _ranges(b, operator, node, [range(s, e) for s, e in zip(starts, ends, strict=True)])


def strided(b: Building, operator: Operator) -> str:
    """STRIDED_SLICE with begin and end masks; an axis that is shrunk falls away."""
    node, source = b.node(operator), b.tensor(operator, 0)
    begins, ends, strides = (numbers(b.tensor(operator, place)) for place in (1, 2, 3))
    axes = len(source.shape)
    if operator.options["EllipsisMask"] or operator.options["NewAxisMask"]:
        raise ModelError("ellipses and new axes in a slice; export it with plain begins and ends")
    if not len(begins) == len(ends) == len(strides) <= axes or not all(strides):
        raise ModelError(f"begins {begins}, ends {ends}, strides {strides} of shape {source.shape}")
    given = zip(source.shape, begins, ends, strides, strict=False)
    ranges = [_range(operator, axis, *own) for axis, own in enumerate(given)]
    ranges += [range(n) for n in source.shape[len(begins) :]]
    if not all(map(len, ranges)):
        raise ModelError(f"begins {begins}, ends {ends}, strides {strides} leave nothing of shape {source.shape}")
    picked = _ranges(b, operator, node, ranges)
    return b.reshaped(operator, "", picked, inner(b.output(operator)))


def _range(operator: Operator, axis: int, size: int, begin: int, end: int, stride: int) -> range:
    def masked(name: str) -> bool:
        return bool(operator.options[name] >> axis & 1)

    if masked("ShrinkAxisMask"):
        start = begin + size if begin < 0 else begin
        return range(size)[start : start + 1]
    return range(size)[None if masked("BeginMask") else begin : None if masked("EndMask") else end : stride]


def _ranges(b: Building, operator: Operator, node: str, ranges: list[range]) -> str:
    """Positions of each axis of the file's tensor, the batch's as they are."""
    shape = b.shape(node)
    for axis, which in enumerate(ranges[len(ranges) - len(shape) :]):
        node = b.taken(operator, f"axis_{axis}", node, axis, which)
    return node
