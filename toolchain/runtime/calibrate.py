"""Post-training int8 for models that were not trained quantised: static, per channel, calibrated on given data.

For the CPU provider activations are uint8 and weights int8; for TensorRT both are int8 with zero point 0, weights carry
a pair of their own and biases stay float (see `toolchain.runtime.rules`). ONNX Runtime's own quantiser does the work.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words
from toolchain.runtime.rows import Rows, parts_of
from toolchain.runtime.span import inputs_of

Target = Literal["cpu", "tensorrt"]

# Least opset of a QuantizeLinear with a scale for each channel.
PER_CHANNEL = 13
# Rows that calibration looks at: more change the ranges little.
ROWS = 512

_CPU = {"ActivationSymmetric": False, "WeightSymmetric": True}
_TENSORRT = {"ActivationSymmetric": True, "WeightSymmetric": True, "AddQDQPairToWeight": True, "QuantizeBias": False}


class _Rows(CalibrationDataReader):  # type: ignore[misc]
    """Hands out the calibration data, as many rows at once as the model takes."""

    def __init__(self, names: Sequence[str], x: Rows, batch: int) -> None:
        self._feeds = self._blocks(names, x, batch)

    @staticmethod
    def _blocks(names: Sequence[str], x: Rows, batch: int) -> Iterator[dict[str, NDArray[np.generic]]]:
        for start in range(0, len(x) - batch + 1, batch):
            parts = parts_of(x[start : start + batch], names)
            yield {name: np.ascontiguousarray(part) for name, part in parts.items()}

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        return next(self._feeds, None)


def quantise(model: onnx.ModelProto, x: Rows, target: Target = "cpu") -> onnx.ModelProto:
    """The model in int8, as QDQ; equal models and data give equal bytes.

    Args:
        model: float, opset 13 or more.
        x: calibration data, shape (N, ...), of the inputs' types; the first `ROWS` are used.

    Raises:
        ModelError: the model cannot be quantised; the first line of the reason.
    """
    sources = inputs_of(model)
    first = sources[0].type.tensor_type.shape.dim[0]
    batch = first.dim_value if first.HasField("dim_value") else 1
    if len(x) < batch:
        raise ModelError(f"calibration data of {len(x)} rows; the model takes {batch} at once")
    with tempfile.TemporaryDirectory() as folder:
        given, prepared, out = (str(Path(folder) / name) for name in ("given.onnx", "prepared.onnx", "int8.onnx"))
        onnx.save(_with_plain_gemms(model), given)
        rows = _Rows([source.name for source in sources], x[:ROWS], batch)
        try:
            _quiet(lambda: quant_pre_process(given, prepared, skip_symbolic_shape=True))
            _quiet(lambda: quantize_static(prepared, out, rows, **_how(target)))
        except Exception as error:  # The quantiser raises whatever its parts raise.
            raise ModelError(f"post-training int8: {in_our_words(error)}") from error
        result = onnx.load(out)
    result.producer_name = "gateweave"
    return result


def _with_plain_gemms(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose Gemms have biases of shape (outputs,), and neither alpha nor beta: those go into the constants.

    ONNX Runtime's quantiser takes no other bias, and answers otherwise where alpha or beta is not 1.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in result.graph.initializer}
    for node in result.graph.node:
        if node.op_type == "Gemm" and {*node.input[1:]} <= tensors.keys():
            values = [numpy_helper.to_array(tensors[name]) for name in node.input[1:]]
            for index, (given, plain) in enumerate(zip(values, _plain(node, *values), strict=True), 1):
                if np.array_equal(given, plain):
                    continue
                name = f"{node.input[index]}_of_{node.output[0]}"
                result.graph.initializer.append(numpy_helper.from_array(plain, name))
                node.input[index] = name
            kept = [a for a in node.attribute if a.name not in {"alpha", "beta"}]
            del node.attribute[:]
            node.attribute.extend(kept)
    return result


def _plain(node: onnx.NodeProto, weights: NDArray[Any], *biases: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """A Gemm's weights times alpha, and its bias times beta, one for each output where it is one row."""
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    yield (weights * attributes.get("alpha", 1.0)).astype(weights.dtype)
    outputs = weights.shape[0 if attributes.get("transB", 0) else 1]
    for bias in biases:
        row = np.broadcast_to(bias.reshape(-1), outputs) if bias.size in (1, outputs) else bias
        yield (row * attributes.get("beta", 1.0)).astype(bias.dtype)


def _how(target: Target) -> dict[str, Any]:
    return {
        "quant_format": QuantFormat.QDQ,
        "per_channel": True,
        "activation_type": QuantType.QUInt8 if target == "cpu" else QuantType.QInt8,
        "weight_type": QuantType.QInt8,
        # Seven bits: processors with AVX2 but no VNNI add two products in 16 bits, and saturate with eight.
        "reduce_range": True,
        "calibrate_method": CalibrationMethod.MinMax,
        "extra_options": dict(_CPU if target == "cpu" else _TENSORRT),
    }


def _quiet(work: Any) -> None:
    """Run without the advice that ONNX Runtime's quantiser logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        work()
    finally:
        logging.disable(before)
