"""Which nodes are the integer network, and which stand around it in float."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.readers.growing import MOST_ELEMENTS
from toolchain.graph.readers.qdq.model import Model, said
from toolchain.graph.readers.qdq.runtime import run_nodes

PRODUCTS = ("Conv", "Gemm", "MatMul")
"""What an integer network computes with its weights."""

_HEAVY = (*PRODUCTS, "ConvTranspose", "LSTM", "GRU", "RNN", "Attention", "Einsum")

# Nodes of constants that are folded; others could make large tensors of small ones.
_FOLDED = (
    *(
        "Constant",
        "Identity",
        "QuantizeLinear",
        "Transpose",
        "Reshape",
        "Unsqueeze",
        "Squeeze",
        "Flatten",
        "Cast",
        "Concat",
    ),
    *(
        "Slice",
        "Gather",
        "Mul",
        "Add",
        "Sub",
        "Div",
        "Sqrt",
        "Neg",
        "Reciprocal",
        "Floor",
        "Clip",
        "Round",
        "Shape",
        "Min",
    ),
    *("Max", "Pow"),
)


@dataclass(frozen=True)
class Regions:
    """The nodes of a file, in order.

    Attributes:
        front: float nodes from the inputs to the first quantisers, these with them.
        body: what becomes the integer graph.
        tail: float nodes behind it.
        entrances: tensors of codes that the body begins with.
    """

    front: Sequence[NodeProto]
    body: Sequence[NodeProto]
    tail: Sequence[NodeProto]
    entrances: Sequence[str]


def regions_of(model: Model) -> Regions:
    """Fold constants, and tell the integer network from what stands around it.

    Raises:
        ModelError: the file is float throughout, or float in its midst: all such nodes, and the mend.
    """
    _fold(model)
    constant = _constant(model)
    left = [n for n in model.nodes if not any(name in model.constants or name in constant for name in n.output)]
    front, entrances = _front(model, left)
    own = set(map(id, front))
    rest = [node for node in left if id(node) not in own]
    body = _body(rest)
    tail = [node for node in rest if id(node) not in body]
    _refuse_floats(front, tail, entrances)
    constants = [n for n in model.nodes if any(name in constant for name in n.output)]
    whole = {*map(id, constants), *body}
    return Regions(front, [n for n in model.nodes if id(n) in whole], tail, entrances)


def _constant(model: Model) -> set[str]:
    """What DequantizeLinear makes of constants, and what is made of such: tensors that were not folded."""
    found = set[str]()
    for node in model.nodes:
        folded = any(name in model.constants for name in node.output)
        if not folded and all(name in model.constants or name in found for name in node.input if name):
            found.update(node.output)
    return found


def _fold(model: Model) -> None:
    for node in model.nodes:
        if node.op_type == "DequantizeLinear" or not all(n in model.constants for n in node.input if n):
            continue
        if node.op_type not in _FOLDED or len(node.output) != 1:
            raise ModelError(f"{said(node)} computes a constant; fold it when exporting (onnxsim, or constant folding)")
        feeds = {name: model.constants[name] for name in node.input if name}
        if sum(array.size for array in feeds.values()) > MOST_ELEMENTS:
            raise ModelError(f"{said(node)} computes a constant of more than {MOST_ELEMENTS:,} elements")
        model.constants[node.output[0]] = np.asarray(run_nodes([node], feeds, node.output[0], model.opset))


def _front(model: Model, nodes: Sequence[NodeProto]) -> tuple[list[NodeProto], list[str]]:
    """Nodes before the first quantisers, and the codes that come of them; with these, inputs that are codes."""
    raw = {port.name for port in model.inputs if port.dtype.kind == "f"}
    entrances = [port.name for port in model.inputs if port.dtype.name in ("int8", "uint8")]
    front = []
    for node in nodes:
        if not raw.intersection(node.input):
            continue
        computed = {name for name in node.input if name and name not in model.constants}
        if not computed <= raw:
            raise ModelError(
                f"{said(node)} takes the input in float and quantised values; quantise both ways of the input"
            )
        front.append(node)
        if node.op_type == "QuantizeLinear":
            entrances.append(node.output[0])
        else:
            raw.update(node.output)
    return _reaching(front, entrances), entrances


def _reaching(front: list[NodeProto], entrances: Sequence[str]) -> list[NodeProto]:
    """What of it leads to a quantiser; all where nothing does."""
    needed, kept = set(entrances), []
    for node in reversed(front):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    return kept[::-1] if kept else front


def _body(nodes: Sequence[NodeProto]) -> set[int]:
    """All that a quantiser or a product needs, and every DequantizeLinear of codes."""
    body, needed = set(), set[str]()
    for node in reversed(nodes):
        anchor = node.op_type in ("QuantizeLinear", "DequantizeLinear", *PRODUCTS)
        if anchor or needed.intersection(node.output):
            body.add(id(node))
            needed.update(node.input)
    return body


def _refuse_floats(front: Sequence[NodeProto], tail: Sequence[NodeProto], entrances: Sequence[str]) -> None:
    if not entrances:
        raise ModelError(
            "nothing quantises its input: the network is float, or its first QuantizeLinear is missing; quantise it to "
            "int8 (QDQ), the input with it"
        )
    if islands := [said(node) for node in (*front, *tail) if node.op_type in _HEAVY]:
        raise ModelError(f"float in part: {_some(islands)}; quantise their inputs and weights too, or leave them out")


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def unknown(nodes: Sequence[NodeProto], known: Sequence[str]) -> Iterator[str]:
    """Operators that are not read, one line a kind."""
    kinds: dict[str, list[str]] = {}
    for node in nodes:
        if node.op_type not in known:
            kinds.setdefault(node.op_type, []).append(node.name or node.output[0])
    for kind, names in kinds.items():
        yield f"{kind} ({_some(names, 5)}) is not read; {_INSTEAD.get(kind, 'replace it when exporting')}"


_INSTEAD = {
    "Mul": "fold constant factors into the layer before",
    "BatchNormalization": "fold it into the convolution before it, then quantise",
    "DynamicQuantizeLinear": "use static quantisation, with calibrated scales",
    "Softmax": "within the network it is not read, at its end it is",
    "ConvTranspose": "use Resize (nearest) and a convolution",
    "LSTM": "unroll it",
}
