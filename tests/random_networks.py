"""Random networks: shapes, strides, groups, odd sizes, branches, exits, scales, 1 to 8 bits, dead channels, ties.

A few are tried by `make test`, a thousand by `make bench`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.readers.qonnx.models import Model, answers, drawn, expected, same
from tests.properties import st
from toolchain.errors import ModelError
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.lower import lower
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive import graphs
from toolchain.runtime.integer_proof import must_be_the_model
from toolchain.runtime.session import open_session

ROWS = 6
# Neighbouring layers of these have ties, which float32 holds exactly.
_POWERS = [2.0**-3, 2.0**-2, 2.0**-1, 1.0, 2.0]


class Drawn:
    """A network that grows by random layers; `here` is its newest quantised tensor, channels first."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.model = Model(self.number(0, 2**16))
        self.model.opset = self.number(13, 17)
        # With other scales than powers of two the executor's own sums are rounded.
        self.exact = self.number(0, 3) > 0
        rank = self.number(1, 2)
        self.shape = [self.number(1, 5), *(self.number(3, 7) for _ in range(rank))]
        source = self.model.input("x", self.shape)
        if self.number(0, 3) == 0:
            source = self.model.apply("Mul", [source, 1.7])
        self.here = self.quant(str(source))
        self.exits: list[str] = []

    def number(self, low: int, high: int) -> int:
        return int(self._data.draw(st.integers(low, high)))

    def one(self, values: list[Any]) -> Any:
        return self._data.draw(st.sampled_from(values))

    def quant(self, source: str) -> str:
        bits, signed = self.number(1, 8), self.one([True, True, False])
        said = {
            "signed": signed,
            # One bit without a sign, narrow, has one value.
            "narrow": self.number(0, 1) if bits > 1 else 0,
            "rounding_mode": self.one(["ROUND", "ROUND", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN"]),
        }
        return self.model.quant(source, bits, self.scale(), **said)

    def scale(self) -> float:
        power = float(self.one(_POWERS))
        return power if self.exact else power * self.model.rng.uniform(1, 2)

    def grow(self) -> None:
        getattr(self, self.one(["convolve", "convolve", "pool", "branch", "activate", "leave", "split"]))()

    def convolve(self) -> None:
        channels, axes = self.shape[0], len(self.shape) - 1
        group = self.one([g for g in range(1, channels + 1) if channels % g == 0])
        outputs = group * self.number(1, 3)
        kernel = [self.number(1, min(3, n)) for n in self.shape[1:]]
        stride = [self.number(1, 2) for _ in range(axes)]
        pads = [self.number(0, 1) for _ in range(2 * axes)]
        weights = self.weights((outputs, channels // group, *kernel))
        inputs: list[Any] = [self.here, weights]
        if self.number(0, 1):
            inputs.append(self.model.rng.integers(-8, 9, outputs) * 0.125)
        a = self.model.apply("Conv", inputs, kernel_shape=kernel, strides=stride, pads=pads, group=group)
        self.shape = [
            outputs,
            *((n + pads[i] + pads[axes + i] - kernel[i]) // stride[i] + 1 for i, n in enumerate(self.shape[1:])),
        ]
        self.here = self.quant(self.between(str(a), outputs))

    def weights(self, shape: tuple[int, ...]) -> str:
        values = self.model.rng.normal(0, 1, shape)
        # Some outputs never move.
        values[self.model.rng.random(len(values)) < 0.2] = 0
        scale = self.scale() * np.ones(1)
        if self.number(0, 1):
            scale = self.model.rng.choice(_POWERS, (len(values), *([1] * (len(shape) - 1))))
        return self.model.quant(self.model.constant(values), self.number(2, 8), scale)

    def between(self, source: str, channels: int) -> str:
        column = (channels, *([1] * (len(self.shape) - 1)))
        kind = self.one(["", "Relu", "LeakyRelu", "Mul", "Add", "BatchNormalization", "Neg"])
        if kind == "BatchNormalization":
            scale, shift, mean = self.model.rng.normal(0, 1, (3, channels))
            scale[self.model.rng.random(channels) < 0.1] = 0
            return str(self.model.apply(kind, [source, scale, shift, mean, self.model.rng.random(channels) + 0.5]))
        if kind in {"Mul", "Add"}:
            return str(self.model.apply(kind, [source, self.model.rng.choice([-1.0, 0.5, 1.0, 0.25, 0.0], column)]))
        return str(self.model.apply(kind, [source])) if kind else source

    def pool(self) -> None:
        kind = self.one(["MaxPool", "AveragePool"])
        kernel = [self.number(1, min(2, n)) for n in self.shape[1:]]
        pads = [self.number(0, k - 1) for k in kernel * 2] if kind == "MaxPool" else [0] * (2 * len(kernel))
        stride = [self.number(1, 2) for _ in kernel]
        pooled = self.model.apply(kind, [self.here], kernel_shape=kernel, strides=stride, pads=pads)
        axes = len(kernel)
        self.shape[1:] = [
            (n + pads[i] + pads[axes + i] - kernel[i]) // stride[i] + 1 for i, n in enumerate(self.shape[1:])
        ]
        self.here = self.quant(str(pooled))

    def branch(self) -> None:
        """A residual, or channels side by side."""
        channels = self.shape[0]
        inputs = [self.here, self.weights((channels, channels, *([1] * (len(self.shape) - 1))))]
        a = str(self.model.apply("Conv", inputs))
        other = self.quant(self.between(a, channels)) if self.number(0, 1) else a
        if self.number(0, 2):
            self.here = self.quant(str(self.model.apply(self.one(["Add", "Sub"]), [self.here, other])))
        else:
            self.here = self.quant(str(self.model.apply("Concat", [self.here, other], axis=1)))
            self.shape[0] *= 2

    def activate(self) -> None:
        kind = self.one(["HardSigmoid", "Abs", "HardSwish", "Clip", "Tanh", "Relu"])
        bounds = [-0.5, 1.5] if kind == "Clip" else []
        opset = max(self.model.opset, 14)
        self.model.opset = opset
        self.here = self.quant(str(self.model.apply(kind, [self.here, *bounds])))

    def leave(self) -> None:
        if self.exact:
            self.exits.append(self.here)

    def split(self) -> None:
        if self.shape[0] < 2:
            return
        first = self.number(1, self.shape[0] - 1)
        sizes = np.array([first, self.shape[0] - first])
        parts = self.model.apply("Split", [self.here, sizes], outputs=2, axis=1)
        self.here = self.quant(parts[1])
        self.shape[0] -= first

    def end(self) -> ModelWrapper:
        flat = self.model.apply("Flatten", [self.here])
        size = int(np.prod(self.shape))
        scores = self.model.apply("MatMul", [flat, self.model.weights((size, 3), 4, 0.25)])
        outputs = dict.fromkeys([*self.exits, str(scores)])
        return self.model.made(*outputs)


def must_agree(data: Any) -> None:
    """Draw a network, and hold the integer graph against the qonnx executor, and ONNX Runtime's graphs against it."""
    network = Drawn(data)
    for _ in range(network.number(1, 5)):
        network.grow()
    model = network.end()
    graph = same(model, rows=ROWS).graph if network.exact else _but_for_rounding(model)
    x = feeds(graph, ROWS)
    wanted = run(graph, x)
    for variant in graphs.STYLES:
        _derived(graph, variant, x, wanted)


def _but_for_rounding(model: ModelWrapper) -> Graph:
    """Float32 decides some sums otherwise; float64 must agree with the integers there."""
    source, x = read_qonnx(model), drawn(model, ROWS)
    (name,) = (output.name for output in source.outputs)
    got, wanted = answers(source, x)[name], expected(model, x)[name]
    must_be_the_model(got, wanted, lower(model, 17), next(iter(x.values())))
    return source.graph


def _derived(graph: Graph, variant: str, x: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]) -> None:
    try:
        model = graphs.made(graph, variant, GraphSettings()).model
    except ModelError as error:
        # Small graphs are beyond float16 only, or beyond float32 where nothing wider may take them.
        assert "are not exact in float16" in str(error) or (variant == "tensorrt" and "float32" in str(error))
        return
    session = open_session(model, RunOptions("all", graphs.DISABLED.get(model.graph.name, ())))
    names = [output.name for output in session.get_outputs()]
    found = session.run(None, {name: values.astype(np.float32) for name, values in x.items()})
    got = dict(zip(names, found, strict=True))
    assert set(got) == {output.name for output in graph.outputs}
    for output in graph.outputs:
        np.testing.assert_array_equal(
            got[output.name], graphs.answers(output, wanted[output.node]), f"{variant} {output}"
        )


def feeds(graph: Graph, rows: int) -> dict[str, NDArray[np.int64]]:
    """Random values over all that each input may hold, by its name."""
    random, values = np.random.default_rng(0), {}
    for name in graph.inputs:
        kind = graph.types[name]
        steps = (kind.high - kind.low) // kind.step
        values[name] = kind.low + kind.step * random.integers(0, steps + 1, (rows, *kind.shape))
    return values
