"""The inputs of an ONNX model, as vectors are made for them."""

from __future__ import annotations

import onnx
import onnxruntime

from toolchain.runtime.proof_vectors import Feed
from toolchain.runtime.session import input_types
from toolchain.runtime.span import input_span, inputs_of


def feeds_of(model: onnx.ModelProto, session: onnxruntime.InferenceSession) -> list[Feed]:
    """What each input of a model takes; sizes that are open beside the batch are 1.

    Raises:
        ModelError: one is of a type that no vectors can be given in.
    """
    kinds, values = input_types(session), {value.name: value for value in inputs_of(model)}
    return [
        Feed(
            source.name,
            tuple(size if isinstance(size, int) and size > 0 else 1 for size in source.shape[1:]),
            kinds[source.name],
            input_span(model, values[source.name]),
        )
        for source in session.get_inputs()
    ]
