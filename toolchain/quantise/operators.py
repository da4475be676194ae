"""What each operator of a float ONNX file becomes in PyTorch; a batch of one, channels first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from toolchain.errors import ModelError

ENDS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Softmax": lambda scores: torch.softmax(scores, 1),
    "LogSoftmax": lambda scores: torch.log_softmax(scores, 1),
    "Sigmoid": torch.sigmoid,
}
"""Operators that, at the end, change no order of scores, (N, classes)."""


@dataclass(frozen=True)
class NodeOf:
    """A node of the file.

    Attributes:
        constants: its inputs' values, None of those that are computed.
        shapes: of its inputs, with the batch; shape: of its result.
        front: whether no layer with weights stands before it.
    """

    name: str
    kind: str
    attributes: Mapping[str, Any]
    constants: tuple[NDArray[Any] | None, ...]
    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    front: bool = False

    def constant(self, place: int) -> NDArray[Any]:
        """The value of an input that must be constant."""
        value = self.constants[place] if place < len(self.constants) else None
        if value is None:
            raise self.refused(f"its input {place} is computed; a constant is taken")
        return value

    def optional(self, place: int) -> NDArray[Any] | None:
        """The value of an input that may be left out."""
        return self.constants[place] if place < len(self.constants) else None

    def refused(self, why: str) -> ModelError:
        """The error that names this node."""
        return ModelError(f"node {self.name} ({self.kind}): {why}")


Made = nn.Module | tuple[Any, ...]
"""A module, or a function with the arguments behind those that are computed."""


def _conv(node: NodeOf) -> list[Made]:
    weights = node.constant(1)
    axes = weights.ndim - 2
    if axes not in {1, 2}:
        raise node.refused(f"a convolution over {axes} axes; one or two are taken")
    groups = node.attributes.get("group", 1)
    pads, parts = _pads(node, weights.shape[2:], 0.0)
    kind: Any = nn.Conv1d if axes == 1 else nn.Conv2d
    layer = kind(
        weights.shape[1] * groups,
        weights.shape[0],
        weights.shape[2:],
        stride=_spread(node, "strides", axes),
        padding=pads,
        dilation=_spread(node, "dilations", axes),
        groups=groups,
        bias=node.optional(2) is not None,
    )
    return [*parts, _filled(layer, weights, node.optional(2))]


def _gemm(node: NodeOf) -> Made:
    if node.attributes.get("transA", 0):
        raise node.refused("transA; only weights may be transposed")
    weights = node.constant(1) * node.attributes.get("alpha", 1.0)
    bias = node.optional(2)
    weights = weights if node.attributes.get("transB", 0) else weights.T
    return _linear(weights, None if bias is None else bias * node.attributes.get("beta", 1.0))


def _matmul(node: NodeOf) -> Made:
    weights = node.constant(1)
    if weights.ndim != 2:
        raise node.refused(f"weights of shape {weights.shape}; two axes are taken")
    return _linear(weights.T, None)


def _linear(weights: NDArray[Any], bias: NDArray[Any] | None) -> nn.Module:
    layer = nn.Linear(weights.shape[1], weights.shape[0], bias=bias is not None)
    full = None if bias is None else np.broadcast_to(np.ravel(bias), (len(weights),))
    return _filled(layer, weights, full)


def _filled(layer: Any, weights: NDArray[Any], bias: NDArray[Any] | None) -> nn.Module:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(weights, np.float32)))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(np.array(bias, np.float32)))
    filled: nn.Module = layer
    return filled


def _normalisation(node: NodeOf) -> Made:
    scale, shift, mean, variance = (node.constant(place) for place in range(1, 5))
    kind = nn.BatchNorm2d if len(node.shape) == 4 else nn.BatchNorm1d
    norm = kind(len(scale), eps=node.attributes.get("epsilon", 1e-5))
    for ours, theirs in ((norm.weight, scale), (norm.bias, shift), (norm.running_mean, mean)):
        _copied(ours, theirs)
    _copied(norm.running_var, variance)
    return norm


def _copied(ours: torch.Tensor | None, theirs: NDArray[Any]) -> None:
    assert ours is not None
    with torch.no_grad():
        ours.copy_(torch.from_numpy(np.array(theirs, np.float32)))


def _elementwise(node: NodeOf) -> Made:
    """A sum of two tensors, or one with constants: before the first layer by itself, elsewhere a normalisation."""
    known = [value for value in node.constants if value is not None]
    if not known and node.kind == "Add":
        return (torch.add,)
    if not known or (node.kind in {"Sub", "Div"} and node.constants[1] is None):
        raise node.refused("of two computed tensors only Add is taken, and no constant before the sign")
    value = _by_channel(node, known[0])
    one, none = np.ones_like(value), np.zeros_like(value)
    factor = {"Mul": value, "Div": 1 / value if node.kind == "Div" else one}.get(node.kind, one)
    shift = {"Add": value, "Sub": -value}.get(node.kind, none)
    return Affine(factor, shift) if node.front else _as_normalisation(node, factor, shift)


def _by_channel(node: NodeOf, value: NDArray[Any]) -> NDArray[Any]:
    """A constant as one number for each channel, axis 1."""
    channels, rank = node.shape[1], len(node.shape)
    aligned = (1,) * (rank - value.ndim) + value.shape
    if value.size != 1 and (value.ndim > rank or aligned[1] != channels or value.size != channels):
        raise node.refused(f"a constant of shape {value.shape}; one number, or one for each of {channels} channels")
    return np.array(np.broadcast_to(value.ravel(), (channels,)), np.float32)


def _as_normalisation(node: NodeOf, factor: NDArray[Any], shift: NDArray[Any]) -> nn.Module:
    """One that Brevitas merges into the layer before it."""
    norm = (nn.BatchNorm2d if len(node.shape) == 4 else nn.BatchNorm1d)(len(factor), eps=0.0)
    _copied(norm.weight, factor)
    _copied(norm.bias, shift)
    return norm


class Affine(nn.Module):
    """A factor and a shift for each channel, axis 1."""

    factor: torch.Tensor
    shift: torch.Tensor

    def __init__(self, factor: NDArray[Any], shift: NDArray[Any]) -> None:
        super().__init__()
        self.register_buffer("factor", torch.from_numpy(np.array(factor, np.float32)))
        self.register_buffer("shift", torch.from_numpy(np.array(shift, np.float32)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of x, (N, channels, ...); in float32 also where the rest is not, since the file's front is."""
        shape = (1, -1, *[1] * (x.ndim - 2))
        return (x.float() * self.factor.float().reshape(shape) + self.shift.float().reshape(shape)).to(x.dtype)


def _relu(node: NodeOf) -> Made:
    return nn.ReLU()


def _clip(node: NodeOf) -> Made:
    bounds = [node.attributes.get(name, node.optional(place)) for place, name in enumerate(("min", "max"), 1)]
    low, high = (None if bound is None else float(bound) for bound in bounds)
    if low != 0:
        raise node.refused(f"from {low} to {high}; a clip from 0 is taken")
    return nn.ReLU() if high is None else nn.ReLU6() if high == 6 else nn.Hardtanh(0.0, high)


def _max_pool(node: NodeOf) -> list[Made]:
    kernel = tuple(node.attributes["kernel_shape"])
    pads, parts = _pads(node, kernel, -math.inf)
    if parts or any(d != 1 for d in _spread(node, "dilations", len(kernel))) or node.attributes.get("ceil_mode", 0):
        raise node.refused(
            "pads that differ from side to side, dilations or ceil_mode; windows that lie alike are taken"
        )
    kind = {1: nn.MaxPool1d, 2: nn.MaxPool2d}.get(len(kernel))
    if kind is None:
        raise node.refused("windows over one or two axes are taken")
    # Lists would do in PyTorch; integers where all are alike, since Brevitas and the exporter know those best.
    return [kind(_alike(kernel), _alike(_spread(node, "strides", len(kernel))), _alike(pads))]


def _average_pool(node: NodeOf) -> list[Made]:
    kernel = tuple(node.attributes["kernel_shape"])
    pads, parts = _pads(node, kernel, 0.0)
    if parts or any(pads) or len(kernel) != 2 or node.attributes.get("ceil_mode", 0):
        raise node.refused("pads, ceil_mode or other than two axes; windows over two axes that lie inside are taken")
    return [nn.AvgPool2d(_alike(kernel), _alike(_spread(node, "strides", 2)))]


def _global_average(node: NodeOf) -> list[Made]:
    if len(node.shapes[0]) != 4:
        raise node.refused("a mean over other than height and width")
    return [nn.AvgPool2d(_alike(node.shapes[0][2:]))]


def _reduce_mean(node: NodeOf) -> list[Made]:
    axes = node.attributes.get("axes", node.optional(1))
    found = {int(axis) % len(node.shapes[0]) for axis in (() if axes is None else np.ravel(axes))}
    if found != {2, 3} or len(node.shapes[0]) != 4:
        raise node.refused(f"a mean over axes {sorted(found)}; height and width, 2 and 3, are taken")
    pooled: list[Made] = [nn.AvgPool2d(_alike(node.shapes[0][2:]))]
    return pooled if node.attributes.get("keepdims", 1) else [*pooled, (torch.flatten, 1)]


def _flatten(node: NodeOf) -> Made:
    if node.attributes.get("axis", 1) != 1:
        raise node.refused("another axis than 1")
    return (torch.flatten, 1)


def _reshape(node: NodeOf) -> Made:
    if node.shape[0] != 1:
        raise node.refused(f"to {list(node.shape)}: the batch must stay the first axis")
    if len(node.shape) == 2:
        return (torch.flatten, 1)
    return (torch.reshape, (-1, *node.shape[1:]))


def _concat(node: NodeOf) -> Made:
    if int(node.attributes["axis"]) % len(node.shape) != 1:
        raise node.refused("along another axis than the channels, 1")
    return (torch.cat, 1)


def _same(node: NodeOf) -> Made:
    return nn.Identity()


def _pads(node: NodeOf, kernel: tuple[int, ...], value: float) -> tuple[tuple[int, ...], list[Made]]:
    """Pads that a layer has by itself, and a module before it where sides differ."""
    axes, auto = len(kernel), node.attributes.get("auto_pad", b"NOTSET")
    pads = list(node.attributes.get("pads", [0] * 2 * axes))
    if auto in {b"SAME_UPPER", b"SAME_LOWER"}:
        pads = _same_pads(node, kernel, lower=auto == b"SAME_LOWER")
    begins, ends = pads[:axes], pads[axes:]
    if begins == ends:
        return tuple(begins), []
    flat = [side for pair in reversed(list(zip(begins, ends, strict=True))) for side in pair]
    module = nn.ConstantPad1d(tuple(flat), value) if axes == 1 else nn.ConstantPad2d(tuple(flat), value)
    return (0,) * axes, [module]


def _same_pads(node: NodeOf, kernel: tuple[int, ...], *, lower: bool) -> list[int]:
    begins, ends = [], []
    strides, dilations = _spread(node, "strides", len(kernel)), _spread(node, "dilations", len(kernel))
    for size, width, stride, dilation in zip(node.shapes[0][2:], kernel, strides, dilations, strict=True):
        whole = max(0, (-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size)
        begins.append(whole - whole // 2 if lower else whole // 2)
        ends.append(whole - begins[-1])
    return begins + ends


def _spread(node: NodeOf, name: str, axes: int) -> tuple[int, ...]:
    return tuple(node.attributes.get(name, [1] * axes))


def _alike(sizes: tuple[int, ...]) -> Any:
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)


Builder = Callable[[NodeOf], Made | list[Made]]

BUILDERS: Mapping[str, Builder] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _normalisation,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _elementwise),
    "Relu": _relu,
    "Clip": _clip,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average,
    "ReduceMean": _reduce_mean,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Concat": _concat,
    **dict.fromkeys(("Identity", "Dropout"), _same),
}
"""What is taken, by operator."""
