"""Mutated ONNX and QONNX files, and calibration files beside them, through what the stages `load` and `graphs` do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from toolchain.bounded import Bounds, bounded
from toolchain.graph.qonnx_nodes import GENERAL
from toolchain.runtime.calibration_file import array_bytes
from toolchain.runtime.load import Limits
from toolchain.runtime.third_party import import_model

NAME = "ONNX files"

_LIMITS = Limits()
# The product gives a stage an hour.
_SECONDS = 40

_WIDTHS = (0, -1, 0.5, 1, 3.5, 16, 31, 33, 64, 1e6, 1e30, np.nan, np.inf, -np.inf)
_TYPES = (
    "INT0",
    "INT99999999999",
    "UINT",
    "FIXED<8,99>",
    "FIXED<1,1>",
    "TERNARY",
    "BIPOLAR",
    "",
    "\n",
    "INT8]",
    "FLOAT32",
)
_SIZES = (0, -1, 1, 7, 1 << 20, 1 << 31, 1 << 44, (1 << 63) - 1)
_WORDS = ("", "x", "y", "sums", "ROUND", "SIDEWAYS", "Loop", "Relu", "Quant", "\x00", "[/red]", "../../etc/passwd")


def once(rng: np.random.Generator, folder: Path) -> None:
    """Write a mutated model, and sometimes a mutated calibration file, and take both as the stages do."""
    model, data = folder / "model.onnx", folder / "data.npz"
    model.write_bytes(_mutated(rng))
    if rng.random() < 0.3:
        data.write_bytes(_calibration(rng))
    check(model, data if data.exists() else None)


def check(model: Path, calibration: Path | None = None) -> None:
    """Load a model and make its graphs within the bounds of a stage.

    Raises:
        GateweaveError: the model or the data cannot be used.
    """
    vectors = 6 * array_bytes(calibration) if calibration else 0
    bounds = Bounds(_LIMITS.memory(model.stat().st_size) + vectors, _SECONDS)
    bounded("graphs of this network", lambda: import_model(model, calibration) and None, bounds)


@cache
def _seeds() -> tuple[bytes, ...]:
    return tuple(model.SerializeToString() for model in (_float(), _quantised(), _qdq()))


def _constants(**values: object) -> list[TensorProto]:
    return [numpy_helper.from_array(np.asarray(each), name) for name, each in values.items()]


def _model(nodes: list[onnx.NodeProto], tensors: list[TensorProto], opset: int) -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(GENERAL, 1)]
    return helper.make_model(
        helper.make_graph(nodes, "g", [source], [sink], tensors), opset_imports=opsets, ir_version=8
    )


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-1, 2, shape).astype(np.float32)


def _float() -> onnx.ModelProto:
    shapes = {"w": _weights(8, 6), "b": _weights(6), "v": _weights(6, 3), "s": np.array([-1, 6], np.int64)}
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["a"], alpha=0.5),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Reshape", ["r", "s"], ["t"]),
        helper.make_node("MatMul", ["t", "v"], ["z"]),
        helper.make_node("Softmax", ["z"], ["y"], axis=1),
    ]
    return _model(nodes, _constants(**shapes), 18)


def _quantised() -> onnx.ModelProto:
    def quant(source: str, bits: str, output: str, signed: int) -> onnx.NodeProto:
        how = {"signed": signed, "narrow": 0, "rounding_mode": "ROUND"}
        return helper.make_node("Quant", [source, "one", "zero", bits], [output], domain=GENERAL, **how)

    nodes = [
        quant("x", "b4", "codes", 1),
        quant("w", "b2", "w_codes", 1),
        helper.make_node("MatMul", ["codes", "w_codes"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["active"]),
        quant("active", "b2", "hidden", 0),
        quant("v", "b2", "v_codes", 1),
        helper.make_node("MatMul", ["hidden", "v_codes"], ["y"]),
    ]
    scalars = {name: np.float32(value) for name, value in {"one": 1, "zero": 0, "b2": 2, "b4": 4}.items()}
    model = _model(nodes, _constants(w=_weights(8, 6), v=_weights(6, 3), **scalars), 13)
    annotation = model.graph.quantization_annotation.add(tensor_name="x")
    annotation.quant_parameter_tensor_names.add(key="finn_datatype", value="INT8")
    return model


def _qdq() -> onnx.ModelProto:
    values = {"s": np.float32(0.1), "z": np.uint8(128), "w": np.ones((8, 3), np.int8), "zw": np.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s", "zw"], ["wd"]),
        helper.make_node("MatMul", ["d", "wd"], ["y"]),
    ]
    return _model(nodes, _constants(**values), 17)


def _mutated(rng: np.random.Generator) -> bytes:
    raw = _seeds()[rng.integers(len(_seeds()))]
    if rng.random() < 0.25:
        return _spoiled(rng, raw)
    model = onnx.load_from_string(raw)
    for _ in range(rng.integers(1, 4)):
        _EDITS[rng.integers(len(_EDITS))](rng, model)
    return model.SerializeToString()


def _spoiled(rng: np.random.Generator, raw: bytes) -> bytes:
    """Bytes changed, taken out or cut off."""
    data = bytearray(raw)
    for _ in range(rng.integers(1, 6)):
        data[rng.integers(len(data))] = rng.integers(256)
    start = int(rng.integers(len(data)))
    if rng.random() < 0.3:
        del data[start : start + int(rng.integers(1, 50))]
    return bytes(data[:start] if rng.random() < 0.2 else data)


def _pick(rng: np.random.Generator, values: object) -> object:
    return values[rng.integers(len(values))]  # type: ignore[index, arg-type]


def _edit_tensor(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    """Another width, scale or weight; another shape or type; numbers that are none."""
    tensor = _pick(rng, model.graph.initializer)
    if rng.random() < 0.3:
        tensor.dims[:] = [int(_pick(rng, _SIZES)) for _ in range(rng.integers(0, 4))]
    elif rng.random() < 0.2:
        tensor.data_type = int(rng.integers(0, 30))
    else:
        try:
            values = np.array(numpy_helper.to_array(tensor), np.float32)
        except (ValueError, TypeError, KeyError):  # Changed before, so that it is no array any more.
            return
        values.reshape(-1)[rng.integers(values.size)] = _pick(rng, _WIDTHS)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _edit_node(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    node = _pick(rng, model.graph.node)
    names = _pick(rng, [node.input, node.output])
    if rng.random() < 0.3:
        node.op_type = str(_pick(rng, _WORDS))
    elif rng.random() < 0.5 and names:
        names[rng.integers(len(names))] = str(_pick(rng, [*_WORDS, *node.input, *node.output]))
    else:
        node.domain = str(_pick(rng, ["", "ai.onnx", "finn", GENERAL, "com.microsoft", "nobody's"]))


def _edit_attribute(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    if not attributes:
        return
    attribute = _pick(rng, attributes)
    values = (int(_pick(rng, _SIZES)), float(_pick(rng, _WIDTHS)), str(_pick(rng, _WORDS)), [1, -1, 1 << 40])
    attribute.CopyFrom(helper.make_attribute(attribute.name, _pick(rng, values)))


def _edit_side(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    """Another shape or type of the input or output; a further output, or none."""
    value = _pick(rng, [model.graph.input[0], model.graph.output[0]]) if model.graph.output else model.graph.input[0]
    sizes = value.type.tensor_type.shape.dim
    if rng.random() < 0.6 and sizes:
        sizes[rng.integers(len(sizes))].dim_value = int(_pick(rng, _SIZES))
    elif rng.random() < 0.3:
        del value.type.tensor_type.shape.dim[:]
    else:
        value.type.tensor_type.elem_type = int(rng.integers(0, 25))


def _edit_annotation(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    annotation = model.graph.quantization_annotation.add(tensor_name=str(_pick(rng, ["x", "w", "y", "nothing"])))
    annotation.quant_parameter_tensor_names.add(key="finn_datatype", value=str(_pick(rng, _TYPES)))


def _edit_versions(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    opset = _pick(rng, model.opset_import)
    opset.version = int(_pick(rng, [*range(6, 24), -1, 0, 1 << 40]))
    model.ir_version = int(rng.integers(0, 12))


def _add_loop(rng: np.random.Generator, model: onnx.ModelProto) -> None:
    """A Loop that goes round as often as the input, or a constant, says."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["u"])],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("v", TensorProto.FLOAT, None)],
        [value("on", TensorProto.BOOL, []), value("u", TensorProto.FLOAT, None)],
    )
    model.graph.initializer.extend(_constants(far=np.float32(_pick(rng, [3, 1e4])), always=np.array(True)))
    model.graph.node.insert(0, helper.make_node("Loop", ["trips", "always", "x"], ["looped"], body=body))
    model.graph.node.insert(0, helper.make_node("Cast", ["most"], ["trips"], to=TensorProto.INT64))
    model.graph.node.insert(0, helper.make_node("ReduceMax", ["large"], ["most"], keepdims=0))
    model.graph.node.insert(0, helper.make_node("Mul", ["x", "far"], ["large"]))
    model.graph.node[4].input[0] = "looped"


_EDITS: tuple[Callable[[np.random.Generator, onnx.ModelProto], None], ...] = (
    _edit_tensor,
    _edit_tensor,
    _edit_node,
    _edit_attribute,
    _edit_side,
    _edit_annotation,
    _edit_versions,
    _add_loop,
)


def _calibration(rng: np.random.Generator) -> bytes:
    """An npz whose arrays, headers or bytes are wrong, or right."""
    kind = _pick(rng, ["<f4", "<f8", "|u1", "<i8", "<f2", "|b1", "<U3", "|O"])
    shape = (
        tuple(int(_pick(rng, [*_SIZES, 20, 8])) for _ in range(rng.integers(0, 4))) if rng.random() < 0.5 else (20, 8)
    )
    header = io.BytesIO()
    np.lib.format.write_array_header_2_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
    body = rng.bytes(1280) if rng.random() < 0.5 else np.ones((20, 8)).tobytes()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(str(_pick(rng, ["x.npy", "x.npy", "x.npy", "x", "../x.npy"])), header.getvalue() + body)
        if rng.random() < 0.5:
            labels = io.BytesIO()
            np.save(labels, rng.choice([0, 1, 2, -1, 10**9], 20))
            archive.writestr("y.npy", labels.getvalue())
    raw = whole.getvalue()
    return _spoiled(rng, raw) if rng.random() < 0.3 else raw
