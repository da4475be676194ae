"""QLinear operators as what they mean: DequantizeLinear, a plain operator, QuantizeLinear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from onnx import NodeProto, helper

from toolchain.errors import ModelError


def as_qdq(node: NodeProto) -> list[NodeProto]:
    """The nodes that a QLinear operator means; any other node as it is.

    A bias that is int32 stays so: its unit is that of the product's sums.

    Raises:
        ModelError: it leaves inputs out that it needs, or has channels last.
    """
    if node.op_type not in _KINDS:
        return [node]
    settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if settings.pop("channels_last", 0):
        raise ModelError(f"node {node.name} ({node.op_type}) has channels last; save the model before optimising it")
    try:
        return _KINDS[node.op_type](_Parts(node, settings))
    except (IndexError, ValueError) as error:
        raise ModelError(f"node {node.name} ({node.op_type}) leaves inputs out; the file is broken") from error


class _Parts:
    """The nodes that take a QLinear operator's place."""

    def __init__(self, node: NodeProto, settings: dict[str, Any]) -> None:
        self.node, self.settings, self.nodes = node, settings, list[NodeProto]()
        self.inputs = list(node.input)

    def real(self, place: int, axis: int | None = None) -> str:
        """Three inputs from `place` on, as the float that they mean."""
        code, scale, *zero = self.inputs[place : place + 3]
        name = f"{self.node.output[0]}/real_{place}"
        more: dict[str, Any] = {} if axis is None else {"axis": axis}
        wires = [code, scale, *filter(None, zero)]
        self.nodes.append(
            helper.make_node("DequantizeLinear", wires, [name], name=f"{self.node.name}/in_{place}", **more)
        )
        return name

    def ended(self, kind: str, inputs: Sequence[str], scale: int) -> list[NodeProto]:
        """The plain operator, and its quantiser; none where the scale at that place is left out."""
        node, wires = self.node, list(filter(None, self.inputs[scale : scale + 2]))
        middle = f"{node.output[0]}/real" if wires else node.output[0]
        self.nodes.append(helper.make_node(kind, list(inputs), [middle], name=node.name, **self.settings))
        if wires:
            back = helper.make_node("QuantizeLinear", [middle, *wires], [node.output[0]], name=f"{node.name}/out")
            self.nodes.append(back)
        return self.nodes


def _conv(p: _Parts) -> list[NodeProto]:
    return p.ended("Conv", [p.real(0), p.real(3, 0), *filter(None, p.inputs[8:9])], 6)


def _gemm(p: _Parts) -> list[NodeProto]:
    weights = p.real(3, 0 if p.settings.get("transB", 0) else 1)
    return p.ended("Gemm", [p.real(0), weights, *filter(None, p.inputs[6:7])], 7)


def _sum(p: _Parts) -> list[NodeProto]:
    return p.ended("Add", [p.real(0), p.real(3)], 6)


def _matmul(p: _Parts) -> list[NodeProto]:
    return p.ended("MatMul", [p.real(0), p.real(3, 1)], 6)


def _concat(p: _Parts) -> list[NodeProto]:
    return p.ended("Concat", [p.real(i) for i in range(2, len(p.inputs), 3)], 0)


def _unary(kind: str) -> Callable[[_Parts], list[NodeProto]]:
    return lambda p: p.ended(kind, [p.real(0)], 3)


_KINDS: Mapping[str, Callable[[_Parts], list[NodeProto]]] = {
    "QLinearConv": _conv,
    "QLinearMatMul": _matmul,
    "QGemm": _gemm,
    "QLinearAdd": _sum,
    "QLinearConcat": _concat,
    "QLinearAveragePool": _unary("AveragePool"),
    "QLinearGlobalAveragePool": _unary("GlobalAveragePool"),
    "QLinearSigmoid": _unary("Sigmoid"),
    "QLinearLeakyRelu": _unary("LeakyRelu"),
}
