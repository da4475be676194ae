"""The float16 version of a third-party float model; input and output stay as they are: one runner serves all."""

from __future__ import annotations

import logging

import onnx

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words

_ROUNDED = "sums_are_rounded_to"

# They take float16 from opset 19 on only.
_QUANTISERS = ("QuantizeLinear", "DequantizeLinear")


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in float16, by ONNX Runtime's own converter; `is_rounded` tells it from others.

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
    onnx.helper.set_model_props(result, {_ROUNDED: "float16"})
    return result


def is_rounded(model: onnx.ModelProto) -> bool:
    """Whether `half` made it: its sums may be none that float16 holds, and then depend on who computes them."""
    return any(prop.key == _ROUNDED for prop in model.metadata_props)
