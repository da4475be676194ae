"""Small QONNX graphs, made node by node, and their answers by the graph that is read and by the qonnx executor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core import onnx_exec
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from tests.fast.toolchain.graph.small_models import DOMAIN, node
from toolchain.graph.execute import run
from toolchain.graph.lower import tidy
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.readers.source import Source

# Vectors that a model is tried on: fewer of many outputs, since the executor is slow.
FEWEST, MOST = 4, 24
_VALUES = 500
SHARED = Path(__file__).resolve().parents[7] / "shared/data/onnx"

Arrays = dict[str, NDArray[Any]]


class Model:
    """A model as it is put together; weights and scales are drawn by the test."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[NodeProto] = []
        self.constants: Arrays = {}
        self.inputs: dict[str, tuple[tuple[int, ...], str]] = {}
        self.opset = 17
        self.versions = {DOMAIN: 1}

    def input(self, name: str, shape: Sequence[int], datatype: str = "FLOAT32") -> str:
        self.inputs[name] = (tuple(shape), datatype)
        return name

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        array = np.asarray(values)
        self.constants[name] = array if array.dtype == np.int64 else array.astype(np.float32)
        return name

    def apply(self, operator: str, inputs: Sequence[Any], outputs: int = 1, **attributes: Any) -> Any:
        """A node; what is no name becomes a constant."""
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        made = [f"{operator.lower()}{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(node(operator, names, made[0], **attributes))
        self.nodes[-1].output[:] = made
        return made[0] if outputs == 1 else made

    def quant(self, source: str, bits: float = 4, scale: Any = 0.25, *, signed: bool = True, **said: Any) -> str:
        told = {"narrow": 0, "rounding_mode": "ROUND", "signed": int(signed), **said}
        return str(self.apply("Quant", [source, scale, 0.0, float(bits)], domain=DOMAIN, **told))

    def weights(self, shape: Sequence[int], bits: int = 3, scale: Any = 0.5) -> str:
        values = self.constant(self.rng.normal(0, 1, shape))
        return self.quant(values, bits, scale, narrow=1)

    def conv(self, source: str, channels: int, outputs: int, kernel: Sequence[int], **said: Any) -> str:
        groups = said.get("group", 1)
        inputs = [source, self.weights((outputs, channels // groups, *kernel))]
        return str(self.apply("Conv", inputs, kernel_shape=list(kernel), **said))

    def raw(self, *outputs: str, kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
        """As a file holds it."""
        graph = helper.make_graph(
            self.nodes,
            "small",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, *s]) for n, (s, _) in self.inputs.items()],
            [helper.make_tensor_value_info(name, kind, None) for name in outputs],
            [numpy_helper.from_array(v, n) for n, v in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", self.opset), *(helper.make_opsetid(d, v) for d, v in self.versions.items())]
        wrapper = ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8))
        for name, (_, datatype) in self.inputs.items():
            wrapper.set_tensor_datatype(name, DataType[datatype])
        return wrapper.model

    def made(self, *outputs: str, kind: int = TensorProto.FLOAT) -> ModelWrapper:
        """Tidy, as the product reads it."""
        return tidy(self.raw(*outputs, kind=kind))


def rows_of(model: ModelWrapper) -> int:
    """Vectors whose answers hold some hundred numbers."""
    elements = sum(int(np.prod(model.get_tensor_shape(o.name))) for o in model.graph.output)
    return int(np.clip(_VALUES // elements, FEWEST, MOST))


def drawn(model: ModelWrapper, rows: int | None = None, seed: int = 1, spread: float = 2.0) -> Arrays:
    """Inputs of a model: over an integer type's whole range, or reals either side of zero."""
    rng, feeds = np.random.default_rng(seed), {}
    rows = rows or rows_of(model)
    for value in model.graph.input:
        shape = (rows, *model.get_tensor_shape(value.name)[1:])
        kind = model.get_tensor_datatype(value.name)
        integers = kind.is_integer() and kind.name != "BIPOLAR"
        x = rng.integers(int(kind.min()), int(kind.max()) + 1, shape) if integers else rng.normal(0, spread, shape)
        feeds[value.name] = (np.where(x >= 0, 1, -1) if kind.name == "BIPOLAR" else x).astype(np.float32)
    return feeds


def expected(model: ModelWrapper, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
    """What the qonnx executor answers, one vector after another.

    It makes each node a model and opens that anew for each vector, which takes most of its time: equal ones stay open.
    """
    rows = len(next(iter(feeds.values())))
    opened = patch.object(onnx_exec.rt, "InferenceSession", cache(ort.InferenceSession))
    with warnings.catch_warnings(), np.errstate(all="ignore"), opened:
        warnings.simplefilter("ignore")
        answers = [execute_onnx(model, {n: v[i : i + 1] for n, v in feeds.items()}) for i in range(rows)]
    return {o.name: np.concatenate([answer[o.name] for answer in answers]) for o in model.graph.output}


def answers(source: Source, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
    """What front, integer graph and tail answer."""
    integers = _run(source.front, feeds) if source.front is not None else dict(feeds)
    found = run(source.graph, integers)
    floats = {o.name: (found[o.node] * o.scale + o.offset).astype(np.float32) for o in source.graph.outputs}
    return floats if source.tail is None else _run(source.tail, floats)


def _run(model: onnx.ModelProto, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    wanted = [o.name for o in session.get_outputs()]
    return dict(zip(wanted, session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()}), strict=True))


def same(model: ModelWrapper, rows: int | None = None, spread: float = 2.0) -> Source:
    """The source, once every output of every vector is the executor's."""
    source = read_qonnx(model)
    feeds = drawn(model, rows, spread=spread)
    wanted, got = expected(model, feeds), answers(source, feeds)
    assert list(got) == list(wanted)
    for name, values in wanted.items():
        assert got[name].shape == values.shape
        assert got[name].dtype == values.dtype
        assert np.array_equal(got[name], values), name
    assert [p.shape for p in source.outputs] == [v.shape[1:] for v in wanted.values()]
    return source
