"""A node's attributes, and the windows that convolutions and poolings move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.graph.ops import Window


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """All attributes, by name; text as str."""
    found = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: v.decode(errors="replace") if isinstance(v, bytes) else v for name, v in found.items()}


def where(node: NodeProto) -> str:
    """Names a node, for messages."""
    return f"node {name_of(node)} ({node.op_type})"


def name_of(node: NodeProto) -> str:
    """A node's name, or its output's."""
    return str(node.name or next(iter(node.output), "without a name"))


@dataclass(frozen=True)
class Sliding:
    """How a window moves over the spatial axes, one number an axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilation: tuple[int, ...]

    def window(self, fill: int = 0) -> Window:
        """As a node."""
        return Window(self.kernel, self.stride, self.before, self.after, self.dilation, fill)

    @property
    def moves_nothing(self) -> bool:
        """Whether every position is its own window."""
        padded = any((*self.before, *self.after))
        return math.prod(self.kernel) == 1 and set(self.stride) == {1} and not padded


def sliding(node: NodeProto, kernel: Sequence[int], sizes: Sequence[int]) -> Sliding:
    """What a Conv or pooling says of its window.

    Args:
        sizes: of the spatial axes that come in.

    Raises:
        ModelError: an attribute has another number of entries than there are axes, or is out of range.
    """
    said, axes = attributes_of(node), len(sizes)
    ones = [1] * axes
    stride, dilation = list(said.get("strides", ones)), list(said.get("dilations", ones))
    pads = list(said.get("pads", [0] * (2 * axes)))
    if not len(kernel) == len(stride) == len(dilation) == axes or len(pads) != 2 * axes or axes not in (1, 2):
        raise ModelError(
            f"{where(node)}: kernel {list(kernel)}, strides {stride}, pads {pads} over {axes} axes; one or two axes "
            "are supported, each with its own numbers"
        )
    if min((*kernel, *stride, *dilation)) < 1 or min(pads) < 0 or max((*kernel, *stride, *dilation, *pads)) > 2**16:
        raise ModelError(f"{where(node)}: kernel {list(kernel)}, strides {stride}, dilations {dilation}, pads {pads}")
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    pads = _automatic(node, said.get("auto_pad", "NOTSET"), pads, sizes, extent, stride)
    if said.get("ceil_mode", 0):
        pads = _rounded_up(pads, sizes, extent, stride)
    return Sliding(tuple(kernel), tuple(stride), tuple(pads[:axes]), tuple(pads[axes:]), tuple(dilation))


def _automatic(
    node: NodeProto, mode: str, pads: list[int], sizes: Sequence[int], extent: Sequence[int], stride: Sequence[int]
) -> list[int]:
    if mode in {"NOTSET", ""}:
        return pads
    if mode == "VALID":
        return [0] * len(pads)
    if mode not in {"SAME_UPPER", "SAME_LOWER"}:
        raise ModelError(f"{where(node)}: auto_pad {mode[:20]!r}; use pads")
    wanted = [max(0, (-(-n // s) - 1) * s + e - n) for n, s, e in zip(sizes, stride, extent, strict=True)]
    small, large = [w // 2 for w in wanted], [w - w // 2 for w in wanted]
    return [*small, *large] if mode == "SAME_UPPER" else [*large, *small]


def _rounded_up(pads: list[int], sizes: Sequence[int], extent: Sequence[int], stride: Sequence[int]) -> list[int]:
    """With as much padding behind as the last window needs that begins within the input or the padding before it."""
    axes = len(sizes)
    after = []
    for axis, (n, e, s) in enumerate(zip(sizes, extent, stride, strict=True)):
        room = n + pads[axis] + pads[axes + axis] - e
        count = -(-room // s) + 1
        if (count - 1) * s >= n + pads[axis]:
            count -= 1
        after.append(max(0, (count - 1) * s + e - n - pads[axis]))
    return [*pads[:axes], *after]
