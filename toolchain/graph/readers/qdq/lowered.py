"""A QDQ model with ONNX Runtime's integer kernels named, so that what computes does not hang on its optimiser.

Which nodes its optimiser fuses changes with the release, the processor and the model's dtypes, and on x86-64 without
VNNI its kernels for uint8 times int8 saturate. Here every product, sum and mean is the kernel itself, weights in the
dtype of what they are multiplied with, and every result goes back to float, which is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import Model, attributes, said
from toolchain.graph.readers.qdq.operators.addition import is_fused
from toolchain.graph.readers.qdq.operators.windows import window_of
from toolchain.graph.readers.qdq.quantisers import quantiser_behind, scheme_of, weights_of
from toolchain.graph.readers.qdq.regions import regions_of
from toolchain.graph.readers.qdq.runtime import MICROSOFT, model_of
from toolchain.graph.readers.qdq.values import Weights

_MOVES = {
    "MaxPool",
    "Reshape",
    "Flatten",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Identity",
    "Dropout",
    "Pad",
    "Slice",
    "Split",
    "Resize",
    "Concat",
}


def lowered(file: onnx.ModelProto) -> onnx.ModelProto:
    """The model with integer kernels, its inputs and outputs as the file has them.

    Raises:
        ModelError: the file is broken, or holds what has no such kernel.
    """
    model = Model(file)
    regions_of(model)
    return _Lowering(model, file).model()


class _Lowering:
    def __init__(self, model: Model, file: onnx.ModelProto) -> None:
        self._file, self._model = file, model
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._schemes: dict[str, Scheme] = {}
        self._skipped: set[str] = set()
        self._shapes = _shapes(model, file)

    def model(self) -> onnx.ModelProto:
        for node in self._model.nodes:
            if not any(name in self._model.constants or name in self._skipped for name in node.output):
                self._lower(node)
        constants = {**self._model.constants, **self._constants}
        used = {name for node in self._nodes for name in node.input} & set(constants)
        tensors = [numpy_helper.from_array(np.asarray(constants[name]), name) for name in sorted(used)]
        own = [v for v in self._file.graph.input if any(p.name == v.name for p in self._model.inputs)]
        graph = helper.make_graph(self._nodes, "lowered", own, list(self._file.graph.output), tensors)
        return model_of(graph, self._model.opset)

    def _lower(self, node: NodeProto) -> None:
        made = _KINDS.get(node.op_type)
        if made is None or not made(self, node):
            self._nodes.append(node)
        if node.op_type == "DequantizeLinear" and node.input[0] not in self._model.constants:
            self._schemes[node.output[0]] = scheme_of(node, self._model.constants)
        if node.op_type in _MOVES and node.input[0] in self._schemes:
            self._schemes.update(dict.fromkeys(node.output, self._schemes[node.input[0]]))

    # Parts.

    def _add(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **settings: Any) -> str:
        self._nodes.append(
            helper.make_node(kind, list(inputs), [output], name=f"{output}/{kind}", domain=domain, **settings)
        )
        return output

    def _put(self, name: str, values: Any, dtype: Any) -> str:
        self._constants[name] = np.asarray(values, dtype)
        return name

    def _wires(self, name: str, scale: Any, zero: Any, dtype: Any) -> list[str]:
        return [self._put(f"{name}/scale", scale, np.float32), self._put(f"{name}/zero", zero, dtype)]

    def _codes(self, node: NodeProto, place: int, dtype: Any = None) -> tuple[Scheme, list[str]]:
        """A float that stands for codes as codes, with their scale and zero point."""
        given = self._schemes[node.input[place]]
        own = given if dtype is None else _as(given, dtype)
        name = f"{node.output[0]}/in_{place}"
        wires = self._wires(name, own.scale, own.zero, own.dtype)
        return given, [self._add("QuantizeLinear", [node.input[place], *wires], name), *wires]

    def _weights(self, node: NodeProto, dtype: Any) -> tuple[Weights, list[str]]:
        """Constant codes in the dtype of what they are multiplied with."""
        found = self._found(node.input[1])
        if found is None:
            raise ModelError(f"{said(node)}: its weights are no quantised constants")
        weights, own = found
        shift = {"int8": -128, "uint8": 128}[dtype.name] if dtype != own else 0
        name = f"{node.output[0]}/weights"
        wires = self._wires(name, weights.scale, weights.zero + shift, dtype)
        wires = [
            self._put(
                w,
                self._constants[w].reshape(())
                if weights.scale.size == 1
                else np.broadcast_to(self._constants[w], weights.scale.shape),
                self._constants[w].dtype,
            )
            for w in wires
        ]
        return weights, [self._put(name, weights.codes + shift, dtype), *wires]

    def _found(self, name: str) -> tuple[Weights, Any] | None:
        maker = self._model.makers.get(name)
        if maker is None:
            return None
        if maker.op_type == "DequantizeLinear" and maker.input[0] in self._model.constants:
            codes = self._model.constants[maker.input[0]]
            read = weights_of(maker, codes, self._model.constants)
            return (read, codes.dtype) if isinstance(read, Weights) else None
        inner = self._found(maker.input[0]) if maker.op_type in ("Transpose", "Identity") else None
        if inner is None or maker.op_type == "Identity":
            return inner
        order = attributes(maker).get("perm", range(inner[0].codes.ndim)[::-1])
        return inner[0].turned(tuple(order)), inner[1]

    def _bias(self, name: str, given: str, x: Scheme, weights: Weights, outputs: int) -> str:
        """The bias as int32 in the unit of the sums."""
        found = self._found(given)
        if given in self._model.constants:
            values = self._model.constants[given]
        elif found is not None and found[1] == np.int32:
            values = found[0].codes.astype(np.int32)
        elif found is not None:
            values = found[0].real
        else:
            raise ModelError(f"the bias {given!r} is computed")
        if values.dtype != np.int32:
            values = np.rint(values.reshape(-1) / (np.float32(x.scale) * weights.scale))
        return self._put(f"{name}/bias", np.broadcast_to(values.reshape(-1), (outputs,)), np.int32)

    def _result(self, name: str, to: Scheme, dtype: Any) -> tuple[list[str], str]:
        """Scale and zero point of a kernel's result, and its name before it is float again."""
        own = _as(to, dtype)
        self._schemes[name] = to
        return self._wires(f"{name}/out", own.scale, own.zero, dtype), f"{name}/codes"

    # Kinds.

    def conv(self, node: NodeProto) -> bool:
        """QLinearConv."""
        x = self._schemes[node.input[0]]
        weights, constants = self._weights(node, x.dtype)
        to = quantiser_behind(self._model, node.output[0])
        outputs = weights.codes.shape[0]
        bias = (
            [self._bias(node.output[0], node.input[2], x, weights, outputs)] if node.input[2:] and node.input[2] else []
        )
        if to is None:
            self._float_conv(node, weights, bias)
            return True
        codes = self._codes(node, 0)[1]
        wires, made = self._result(node.output[0], to, x.dtype)
        self._add("QLinearConv", [*codes, *constants, *wires, *bias], made, **attributes(node))
        self._add("DequantizeLinear", [made, *wires], node.output[0])
        return True

    def _float_conv(self, node: NodeProto, weights: Weights, bias: list[str]) -> None:
        name = node.output[0]
        x, codes = self._codes(node, 0, np.dtype(np.uint8))
        _, constants = self._weights(node, np.dtype(np.uint8))
        zero = self._put(f"{name}/weights/zero", self._constants[constants[2]].reshape(-1)[0], np.uint8)
        sums = self._add("ConvInteger", [codes[0], constants[0], codes[2], zero], f"{name}/sums", **attributes(node))
        shape = [-1, *(1 for _ in weights.codes.shape[2:])]
        if bias:
            self._put(bias[0], self._constants[bias[0]].reshape(shape), np.int32)
            sums = self._add("Add", [sums, bias[0]], f"{name}/biased")
        real = self._add("Cast", [sums], f"{name}/whole", to=TensorProto.FLOAT)
        factor = (np.float32(x.scale) * weights.scale).reshape(shape if weights.scale.size > 1 else ())
        self._add("Mul", [real, self._put(f"{name}/factor", factor, np.float32)], name)

    def gemm(self, node: NodeProto) -> bool:
        """QGemm."""
        return self._dense(
            node, node.input[2] if node.input[2:] else "", dict(transB=attributes(node).get("transB", 0))
        )

    def matmul(self, node: NodeProto) -> bool:
        """QGemm as well; a constant that is added behind it is its bias."""
        follows = self._model.sole_taker(node.output[0])
        other = [n for n in follows.input if n != node.output[0]] if follows is not None else []
        if follows is None or follows.op_type != "Add" or len(other) != 1 or not self._is_constant(other[0]):
            return self._dense(node, "", {})
        both = NodeProto()
        both.CopyFrom(node)
        both.output[0] = follows.output[0]
        self._skipped.add(follows.output[0])
        return self._dense(both, other[0], {})

    def _is_constant(self, name: str) -> bool:
        return name in self._model.constants or self._found(name) is not None

    def _dense(self, node: NodeProto, bias: str, settings: dict[str, Any]) -> bool:
        name = node.output[0]
        x, codes = self._codes(node, 0)
        weights, constants = self._weights(node, x.dtype)
        outputs, inputs = weights.codes.shape if settings.get("transB") else weights.codes.shape[::-1]
        shape = self._shapes[node.input[0]]
        if len(shape) != 2:
            codes[0] = self._reshaped(codes[0], [-1, inputs], f"{name}/rows")
        given = self._bias(name, bias, x, weights, outputs) if bias else ""
        to = quantiser_behind(self._model, name)
        flat = name if len(shape) == 2 else f"{name}/flat"
        wires, made = self._result(name, to, x.dtype) if to is not None else ([], flat)
        inner = [*codes, *constants, given, *wires]
        self._add("QGemm", inner, made, MICROSOFT, transA=0, alpha=1.0, **settings)
        if to is not None:
            self._add("DequantizeLinear", [made, *wires], flat)
        if flat != name:
            self._reshaped(flat, [-1, *shape[1:-1], outputs], name)
        return True

    def _reshaped(self, source: str, shape: Sequence[int], output: str) -> str:
        return self._add("Reshape", [source, self._put(f"{output}/shape", shape, np.int64)], output)

    def add(self, node: NodeProto) -> bool:
        """QLinearAdd, where ONNX Runtime makes one of it."""
        schemes = [self._schemes.get(name) for name in node.input]
        to = quantiser_behind(self._model, node.output[0])
        first, second = schemes
        if first is None or second is None or to is None:
            return False
        if not is_fused(self._model, node, first, second, to):
            self._schemes[node.output[0]] = to
            return False
        wires, made = self._result(node.output[0], to, to.dtype)
        inner = [*self._codes(node, 0)[1], *self._codes(node, 1)[1], *wires]
        self._add("QLinearAdd", inner, made, MICROSOFT)
        self._add("DequantizeLinear", [made, *wires], node.output[0])
        return True

    def mean(self, node: NodeProto) -> bool:
        """QLinearGlobalAveragePool of every window by itself."""
        to, name = quantiser_behind(self._model, node.output[0]), node.output[0]
        if to is None or node.input[0] not in self._schemes:
            return False
        x, codes = self._codes(node, 0)
        shape, result = self._shapes[node.input[0]], self._shapes[name]
        rows = self._windows(node, codes[0], shape, x)
        wires, made = self._result(name, to, x.dtype)
        kernel = [rows, *codes[1:], *wires]
        self._add("QLinearGlobalAveragePool", kernel, made, MICROSOFT, channels_last=0)
        real = self._add("DequantizeLinear", [made, *wires], f"{name}/flat")
        self._reshaped(real, [-1, *result[1:]], name)
        return True

    def _windows(self, node: NodeProto, source: str, shape: Sequence[int], x: Scheme) -> str:
        """(N, means, taps, 1)."""
        name = node.output[0]
        if node.op_type != "AveragePool":
            axes = self._axes(node, len(shape))
            kept = [axis for axis in range(len(shape)) if axis not in axes]
            turned = self._add("Transpose", [source], f"{name}/turned", perm=[*kept, *axes])
            taps = math.prod(shape[axis] for axis in axes)
            return self._reshaped(turned, [-1, math.prod(shape[axis] for axis in kept[1:]), taps, 1], f"{name}/rows")
        over = window_of(node, shape[2:], shape[1], None, x.zero)
        numbers = np.arange(math.prod(shape[2:])).reshape(*shape[2:], 1)
        # The place behind the last is the padding.
        beyond = numbers.size
        edges = [(0, 0), (0, 0), *zip(over.before, over.after, strict=True)]
        places = over_places(numbers, over.kernel, over.stride, over.dilation, edges[2:], beyond)
        flat = self._reshaped(source, [-1, shape[1], beyond], f"{name}/flat_in")
        pads = self._put(f"{name}/pads", [0, 0, 0, 0, 0, 1], np.int64)
        fill = self._put(f"{name}/fill", x.zero, x.dtype)
        wide = self._add("Pad", [flat, pads, fill], f"{name}/wide")
        picked = self._add("Gather", [wide, self._put(f"{name}/places", places, np.int64)], f"{name}/picked", axis=2)
        return self._reshaped(picked, [-1, shape[1] * (places.size // over.taps), over.taps, 1], f"{name}/rows")

    def _axes(self, node: NodeProto, rank: int) -> list[int]:
        if node.op_type == "GlobalAveragePool":
            return list(range(2, rank))
        given = attributes(node).get("axes")
        if given is None and len(node.input) > 1:
            given = self._model.constants[node.input[1]].reshape(-1).tolist()
        return sorted(axis + rank if axis < 0 else axis for axis in given or ())


def over_places(
    numbers: NDArray[np.int64],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    edges: Sequence[tuple[int, int]],
    beyond: int,
) -> NDArray[np.int64]:
    """Numbers of the positions under each window, window by window."""
    space = np.pad(numbers[..., 0], edges, constant_values=beyond)
    starts = [range(0, n - (k - 1) * d, s) for n, k, d, s in zip(space.shape, kernel, dilation, stride, strict=True)]
    found = [
        space[tuple(slice(at, at + (k - 1) * d + 1, d) for at, k, d in zip(corner, kernel, dilation, strict=True))]
        for corner in np.array(np.meshgrid(*starts, indexing="ij")).reshape(len(starts), -1).T
    ]
    return np.concatenate([places.reshape(-1) for places in found]).astype(np.int64)


def _as(scheme: Scheme, dtype: Any) -> Scheme:
    """The same real values as codes of another 8-bit dtype."""
    if scheme.dtype == dtype:
        return scheme
    return Scheme(scheme.scale, scheme.zero + (128 if np.dtype(dtype) == np.uint8 else -128), np.dtype(dtype))


def _shapes(model: Model, file: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of all computed tensors for a batch of one."""
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in model.constants.items()]
    inputs = [
        helper.make_tensor_value_info(p.name, helper.np_dtype_to_tensor_dtype(p.dtype), (1, *p.shape))
        for p in model.inputs
    ]
    outputs = [helper.make_empty_tensor_value_info(v.name) for v in file.graph.output]
    nodes = [n for n in model.nodes if n.output[0] not in model.constants]
    whole = model_of(helper.make_graph(nodes, "shapes", inputs, outputs, tensors), model.opset)
    graph = onnx.shape_inference.infer_shapes(whole, data_prop=True).graph
    values = [*graph.value_info, *graph.input, *graph.output]
    return {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}


_KINDS: Mapping[str, Callable[[_Lowering, NodeProto], bool]] = {
    "Conv": _Lowering.conv,
    "Gemm": _Lowering.gemm,
    "MatMul": _Lowering.matmul,
    "Add": _Lowering.add,
    "Sub": _Lowering.add,
    "AveragePool": _Lowering.mean,
    "GlobalAveragePool": _Lowering.mean,
    "ReduceMean": _Lowering.mean,
}
