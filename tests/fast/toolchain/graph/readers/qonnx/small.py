"""Quantised tensors that tests of the QONNX reader begin with."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.fast.toolchain.graph.readers.qonnx.models import Model

IMAGE = (3, 7, 6)


def image(seed: int = 0, channels: int = 4, bits: int = 4, **said: Any) -> tuple[Model, str]:
    """Quantised channels of an image, channels first, behind one convolution."""
    model = Model(seed)
    x = model.quant(model.input("x", IMAGE), bits)
    return model, model.quant(model.conv(x, 3, channels, (1, 1)), bits, 0.5, **said)


def row(seed: int = 0, size: int = 6, bits: int = 4, **said: Any) -> tuple[Model, str]:
    """A quantised row."""
    model = Model(seed)
    return model, model.quant(model.input("x", (size,)), bits, **said)


def norm(model: Model, source: str, channels: int) -> str:
    shift, mean = model.rng.normal(0, 1, (2, channels))
    return str(
        model.apply(
            "BatchNormalization", [source, model.rng.normal(0, 1, channels), shift, mean, np.full(channels, 2.0)]
        )
    )
