"""From QONNX to plain ONNX: each quantiser becomes the float operators that the qonnx executor computes it by.

Weights' quantisers are folded into constants by qonnx itself. What is left are activations' quantisers: divide, add the
zero point, clip, round, subtract, multiply, in that order, as qonnx does, so that both give the same floats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper, version_converter
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError, first_line
from toolchain.graph.folding import fold_constants
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.plain_operators import plain_operators
from toolchain.graph.qonnx_nodes import GENERAL, normalised
from toolchain.graph.same_meaning import put_back, rewritten, with_stand_ins
from toolchain.graph.tidying import tidied

# Such as `/home/a/BaseConverter.h:67: adapter_lookup: Assertion `false` failed: No Adapter From Version $14 for Relu`.
_NO_WAY = re.compile(r"No Adapter .*\bfor (\w+)")
_NEW = re.compile(r"No Previous Version of (\w+) exists")
_PLACE = re.compile(r"\S*/\S+:\d+: (?:\w+: )?(?:Assertion .*? failed: )?")


def tidy(model: onnx.ModelProto) -> ModelWrapper:
    """A QONNX model after qonnx's own clean-up.

    Raises:
        ModelError: qonnx does not understand it.
    """
    try:
        return tidied(normalised(model))
    except ModelError:
        raise
    except Exception as error:  # qonnx raises plain Exception, and whatever its parts raise.
        raise ModelError(f"qonnx does not understand it: {first_line(error)}") from error


def lower(model: ModelWrapper, opset: int) -> onnx.ModelProto:
    """A tidy QONNX model as plain float ONNX.

    Args:
        opset: of the result, 13 or more.

    Raises:
        ModelError: a quantiser's parameters are not constants, or an operator cannot be brought to the opset.
    """
    folded = onnx.ModelProto()
    folded.CopyFrom(model.model)
    fold_constants(folded)
    quantisers = {node.output[0]: node for node in folded.graph.node if node.domain == GENERAL}
    plain = to_opset(_with_placeholders(folded, quantisers), opset)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in folded.graph.initializer}
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in (*folded.graph.input, *folded.graph.value_info)}
    nodes: list[NodeProto] = []
    added: dict[str, TensorProto] = {}
    for node in plain.graph.node:
        quantiser = quantisers.get(node.output[0])
        if quantiser is None:
            nodes.append(node)
        else:
            nodes += plain_operators(quantiser, constants, added, ranks.get(quantiser.input[0], 0))
    del plain.graph.node[:]
    plain.graph.node.extend(nodes)
    plain.graph.initializer.extend(added.values())
    return _pruned(plain)


def to_opset(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model in another opset, with the least IR version that goes with it.

    Raises:
        ModelError: ONNX's converter cannot do it; names the operator.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model if opset_of(model) == opset else _converted(model, opset))
    result.ir_version = IR_VERSIONS.get(opset, result.ir_version)
    # Constants that are inputs, too, as in models of IR version 3, are not folded by ONNX Runtime.
    constants = {tensor.name for tensor in result.graph.initializer}
    inputs = [value for value in result.graph.input if value.name not in constants]
    del result.graph.input[:]
    result.graph.input.extend(inputs)
    return result


def _converted(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """In another opset by ONNX's converter, as far as it is needed: on the way down it knows few operators."""
    given = opset_of(model)
    if opset < given and (whole := rewritten(model, given, opset)) is not None:
        return whole
    copy, kept = with_stand_ins(model, given, opset) if opset < given else (model, {})
    try:
        result = version_converter.convert_version(copy, opset)
    except Exception as error:  # The converter raises plain RuntimeError, and classes of its own.
        raise ModelError(
            f"cannot be brought from opset {given} to {opset}: {_what_fails(error, opset)}; "
            f"export it with opset {opset}"
        ) from error
    put_back(result, kept)
    return result


def _what_fails(error: Exception, opset: int) -> str:
    """The converter's message without files and lines of the machine that it was compiled on."""
    line = first_line(error)
    if operator := _NEW.search(line):
        return f"{operator[1]} is unknown in opset {opset}"
    operator = _NO_WAY.search(line)
    return f"{operator[1]} cannot be converted" if operator else _PLACE.sub("", line)


def opset_of(model: onnx.ModelProto) -> int:
    """Version of ONNX's own operators."""
    return next((int(o.version) for o in model.opset_import if o.domain in {"", "ai.onnx"}), 0)


def qonnx_opset(model: onnx.ModelProto, most: int = max(IR_VERSIONS), least: int = min(IR_VERSIONS)) -> int:
    """Opset of a QONNX model's graphs: its own where that can be, since each conversion may go wrong.

    Args:
        most: the newest that the board takes.
        least: the oldest to use.
    """
    return min(max(opset_of(model), least), most)


def _with_placeholders(model: onnx.ModelProto, quantisers: Mapping[str, NodeProto]) -> onnx.ModelProto:
    """A copy in which an Identity stands for each quantiser: ONNX's converter knows no other domains."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for index, node in enumerate(copy.graph.node):
        if node.output[0] in quantisers:
            stand_in = helper.make_node("Identity", node.input[:1], node.output[:1], name=node.name)
            copy.graph.node[index].CopyFrom(stand_in)
    del copy.opset_import[:]
    copy.opset_import.append(helper.make_opsetid("", opset_of(model)))
    del copy.graph.quantization_annotation[:]
    return copy


def _pruned(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without constants that no node takes, and without shapes noted before the change."""
    used = {name for node in model.graph.node for name in node.input} | {value.name for value in model.graph.output}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.graph.value_info[:]
    return model
