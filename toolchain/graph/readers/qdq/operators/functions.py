"""Functions of single elements: they are kept until a quantiser comes, and then are a table."""

from __future__ import annotations

from dataclasses import replace

from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.values import Codes, Fixed, Value, Weights

_ALONE = (
    *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Clip", "HardSwish", "Mish", "Gelu"),
    *(
        "Sigmoid",
        "HardSigmoid",
        "Softplus",
        "Softsign",
        "Tanh",
        "Erf",
        "Exp",
        "Log",
        "Sqrt",
        "Reciprocal",
        "Sin",
        "Cos",
    ),
    *("Abs", "Neg", "Floor", "Ceil", "Round", "Sign", "Identity", "Dropout"),
)
_PAIRS = ("Mul", "Div", "Sub", "Pow", "Max", "Min")
FUNCTIONS = (*_ALONE, *_PAIRS)


def function(b: Building, node: NodeProto) -> Value:
    """A function of one computed value; its other inputs are single constants."""
    computed = [i for i, name in enumerate(node.input) if name and not isinstance(b.values[name], (Fixed, Weights))]
    if isinstance(b.values[node.input[computed[0]]], Codes):
        return _of_codes(b, node)
    if len({node.input[i] for i in computed}) > 1:
        raise ModelError("it takes two computed values; of such, Add and Sub are read, other functions not yet")
    real = b.real(node, computed[0])
    for place, name in enumerate(node.input):
        if name and place not in computed and b.fixed(node, place).size != 1:
            raise ModelError(
                f"input {place}, {name!r}, is a constant of {b.fixed(node, place).size} values; one is read: fold "
                "scales of channels into the layer before"
            )
    if node.op_type in ("Identity", "Dropout"):
        return real
    return replace(real, steps=(*real.steps, node))


def _of_codes(b: Building, node: NodeProto) -> Value:
    """Clip, Identity and the like of codes themselves."""
    if node.op_type not in ("Clip", "Identity", "Relu", "Max", "Min"):
        raise ModelError("it takes codes that nothing dequantises; put a DequantizeLinear before it")
    codes = b.values[node.input[0]]
    if not isinstance(codes, Codes):
        raise ModelError("its first input is a constant; give it second")
    scheme = b.schemes[node.input[0]]
    b.schemes[node.output[0]] = scheme
    if node.op_type == "Identity":
        return codes
    values = b.evaluated(node, scheme)
    return Codes(codes.place, lambda span: b.looked_up(node, codes.node(), values, scheme.ends[0]), scheme.ends)
