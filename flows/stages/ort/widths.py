"""A network whose width is chosen: its graphs at each width, against the integers at that width."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from flows.stages.context import Context
from flows.stages.ort.graphs import source_of
from toolchain.graph.deciding import at_width, widths_of
from toolchain.graph.readers.source import Source
from toolchain.results.check import Check
from toolchain.runtime.compare import Proof
from toolchain.runtime.imported import Imported
from toolchain.runtime.lazy import WIDTH
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.prove import prove


def check_widths(context: Context, made: Imported, proofs: dict[str, Proof]) -> dict[str, Check]:
    """Every output of each exact graph at each width, on all vectors; nothing of a network of one width.

    Thresholds of the graph of one operator lie in its library, not in the file: that one is not among them.
    """
    if context.request.file or not (widths := widths_of((source := source_of(context)).graph)):
        return {}
    x = made.vectors.x
    names = [name for name, proof in proofs.items() if proof.exact and _narrower(made.graphs[name])]
    checks = {}
    for width in widths:
        wanted = _answers(source, width, x)
        for name in names:
            context.progress(f"{name}: {len(x):,} vectors at {width} % of the channels")
            proof = prove(_at(made.graphs[name], width), x, wanted, proofs[name].options)
            checks[f"{name}, width {width:3} %"] = Check(proof.compared, proof.equal, "outputs", made.vectors.kind)
    return checks


def _answers(source: Source, width: int, x: NDArray[np.generic]) -> NDArray[np.generic]:
    at = replace(source, graph=at_width(source.graph, width))
    return outputs_of(at, integers_of(at, x))


def _narrower(model: onnx.ModelProto) -> list[int]:
    """The widths below the full one that a graph lets choose from."""
    return [found for constant in model.graph.initializer if (found := _width_of(constant.name)) is not None]


def _width_of(name: str) -> int | None:
    found = re.fullmatch(rf"{WIDTH}(\d+)", name)
    return int(found[1]) if found else None


def _at(model: onnx.ModelProto, width: int) -> onnx.ModelProto:
    """The graph with other defaults."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for constant in result.graph.initializer:
        if (own := _width_of(constant.name)) is not None:
            value = np.full_like(numpy_helper.to_array(constant), own < width)
            constant.CopyFrom(numpy_helper.from_array(value, constant.name))
    return result
