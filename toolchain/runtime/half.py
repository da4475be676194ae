"""The float16 version of a third-party float model; input and output stay as they are: one runner serves all."""

from __future__ import annotations

import logging

import onnx

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words

# They take float16 from opset 19 on only.
_QUANTISERS = ("QuantizeLinear", "DequantizeLinear")


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in float16, by ONNX Runtime's own converter.

    Raises:
        ModelError: it cannot be converted.
    """
    # Half a second to import, and not needed for our own networks.
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        result: onnx.ModelProto = convert_float_to_float16(
            copy, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, *_QUANTISERS]
        )
    except Exception as error:  # The converter raises whatever its parts raise.
        raise ModelError(f"float16: {in_our_words(error)}") from error
    finally:
        logging.disable(before)
    return result
