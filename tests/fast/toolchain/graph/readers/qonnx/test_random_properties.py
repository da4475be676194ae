"""Random networks: shapes, strides, groups, odd sizes, branches, exits, scales, 1 to 8 bits, dead channels, ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.properties import given, st

ROWS = 6
# Neighbouring layers of these have ties, which float32 holds exactly.
_POWERS = [2.0**-3, 2.0**-2, 2.0**-1, 1.0, 2.0]


class Drawn:
    """A network that grows by random layers; `here` is its newest quantised tensor, channels first."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.model = Model(self.number(0, 2**16))
        self.model.opset = self.number(13, 17)
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
        said = {
            "signed": self.one([True, True, False]),
            "rounding_mode": self.one(["ROUND", "FLOOR", "CEIL", "HALF_UP"]),
        }
        return self.model.quant(source, self.one([1, 2, 3, 4, 8]), self.one(_POWERS), **said)

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
        scale = self.one(_POWERS) * np.ones(1)
        if self.number(0, 1):
            scale = self.model.rng.choice(_POWERS, (len(values), *([1] * (len(shape) - 1))))
        return self.model.quant(self.model.constant(values), self.one([2, 3, 8]), scale)

    def between(self, source: str, channels: int) -> str:
        column = (channels, *([1] * (len(self.shape) - 1)))
        kind = self.one(["", "Relu", "LeakyRelu", "Mul", "Add", "BatchNormalization", "Neg"])
        if kind == "BatchNormalization":
            scale, shift, mean = self.model.rng.normal(0, 1, (3, channels))
            return str(self.model.apply(kind, [source, scale, shift, mean, self.model.rng.random(channels) + 0.5]))
        if kind in {"Mul", "Add"}:
            return str(self.model.apply(kind, [source, self.model.rng.choice([-1.0, 0.5, 1.0, 0.25], column)]))
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


@given(st.data())
def test_random_networks(data: Any) -> None:
    network = Drawn(data)
    for _ in range(network.number(1, 5)):
        network.grow()
    same(network.end(), rows=ROWS)
