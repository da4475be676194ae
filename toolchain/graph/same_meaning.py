"""Operators that mean the same in two opsets, apart from the types that they take: they need no converter.

ONNX's own converter knows no way down for many of them, such as Relu and Sub from opset 14 to 13. What an operator is
in an opset is read from ONNX's own schemas: inputs, outputs and attributes.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import NodeProto, helper
from onnx.defs import OpSchema

from toolchain.graph.older_forms import OlderForms

# Any number of inputs, one output, no attributes, and the same from opset 13 on.
_STAND_IN = "Sum"
_VARIADIC = OpSchema.FormalParameterOption.Variadic


def rewritten(model: onnx.ModelProto, given: int, wanted: int) -> onnx.ModelProto | None:
    """The model in an older opset; None where an operator has no form there, or is not there at all.

    Args:
        given: opset of the model.
    """
    forms = _Forms(model, given, wanted)
    nodes = [form for node in model.graph.node if (form := forms.of(node)) is not None]
    if len(nodes) < len(model.graph.node):
        return None
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    result.graph.initializer.extend(forms.added)
    for entry in result.opset_import:
        if entry.domain in {"", "ai.onnx"}:
            entry.version = wanted
    return result


def with_stand_ins(model: onnx.ModelProto, given: int, wanted: int) -> tuple[onnx.ModelProto, dict[str, NodeProto]]:
    """A copy in which operators that have a form in both opsets are not there for a converter to stumble over.

    Args:
        given: opset of the model; `wanted`: an older one.

    Returns:
        The copy, and the nodes that are to take their places again, by their first output, as `wanted` writes them.
    """
    forms, copy, kept = _Forms(model, given, wanted), onnx.ModelProto(), {}
    copy.CopyFrom(model)
    del copy.graph.node[:]
    for node in model.graph.node:
        form = forms.of(node) if node.input and node.output[0] else None
        if form is None:
            copy.graph.node.append(node)
            continue
        kept[node.output[0]] = form
        inputs, outputs = ([name for name in names if name] for names in (node.input, node.output))
        copy.graph.node.extend(helper.make_node(_STAND_IN, inputs, [name], name=node.name) for name in outputs)
    copy.graph.initializer.extend(forms.added)
    return copy, kept


def put_back(model: onnx.ModelProto, kept: dict[str, NodeProto]) -> None:
    """Put the nodes in the place of what stood for them; types that followed from those are forgotten."""
    del model.graph.value_info[:]
    nodes = list(model.graph.node)
    del model.graph.node[:]
    others = {name for form in kept.values() for name in form.output[1:] if name}
    for node in nodes:
        stands_in = node.op_type == _STAND_IN
        if not (stands_in and node.output[0] in others):
            model.graph.node.append(kept.get(node.output[0], node) if stands_in else node)


class _Forms:
    """Nodes of one model as an older opset writes them."""

    def __init__(self, model: onnx.ModelProto, given: int, wanted: int) -> None:
        self._given, self._wanted, self._older = given, wanted, OlderForms(model, wanted)
        self.added = self._older.added

    def of(self, node: NodeProto) -> NodeProto | None:
        if means_the_same(node, self._given, self._wanted):
            return _as_written_in(node, self._wanted)
        return self._older.of(node)


def means_the_same(node: NodeProto, given: int, wanted: int) -> bool:
    """Whether a node of one opset is the same in another, but for types, which its schema there may not allow."""
    if node.domain not in {"", "ai.onnx"}:
        return False
    ours, theirs = _schema(node.op_type, given), _schema(node.op_type, wanted)
    if ours is None or theirs is None or not _inner(node, given, wanted):
        return False
    return (
        _kinds(ours.inputs, node.input) == _kinds(theirs.inputs, node.input) is not None
        and _kinds(ours.outputs, node.output) == _kinds(theirs.outputs, node.output) is not None
        and theirs.attributes.keys() <= ours.attributes.keys()
        and all(_default(ours, name) == _default(theirs, name) for name in theirs.attributes)
        and all(a.name in theirs.attributes or _is_default(ours, a) for a in node.attribute)
    )


def _inner(node: NodeProto, given: int, wanted: int) -> bool:
    """Whether all nodes of graphs within it are the same."""
    graphs = [g for a in node.attribute for g in ([a.g] if a.HasField("g") else a.graphs)]
    return all(means_the_same(inner, given, wanted) for graph in graphs for inner in graph.node)


def _schema(operator: str, opset: int) -> OpSchema | None:
    try:
        return onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        return None


def _kinds(parameters: Sequence[OpSchema.FormalParameter], used: Sequence[str]) -> list[object] | None:
    """Of the parameters that a node uses, which are optional; None where it uses more than there are."""
    variadic = any(parameter.option == _VARIADIC for parameter in parameters)
    if len(used) > len(parameters) and not variadic:
        return None
    return [parameter.option for parameter in parameters[: len(used)]]


def _default(schema: OpSchema, name: str) -> tuple[object, bytes, bool]:
    attribute = schema.attributes[name]
    return attribute.type, attribute.default_value.SerializeToString(deterministic=True), attribute.required


def _is_default(schema: OpSchema, attribute: onnx.AttributeProto) -> bool:
    if attribute.name not in schema.attributes:
        return False
    default = schema.attributes[attribute.name].default_value
    return bool(default.type) and helper.get_attribute_value(default) == helper.get_attribute_value(attribute)


def _as_written_in(node: NodeProto, opset: int) -> NodeProto:
    """A copy without attributes that the opset does not know; they say what is so there anyway."""
    copy, schema = onnx.NodeProto(), _schema(node.op_type, opset)
    copy.CopyFrom(node)
    kept = [a for a in node.attribute if schema is not None and a.name in schema.attributes]
    del copy.attribute[:]
    copy.attribute.extend(kept)
    return copy
