"""Comparing two stages' answers on the whole test set, and naming the first difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from brevitas import nn as qnn
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from toolchain.errors import VerificationError
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.export import Golden
from toolchain.graph.model_file import run_model
from toolchain.graph.segments import cut
from toolchain.results.check import Check

Named = Sequence[tuple[str, NDArray[Any]]]
"""Values of one input at successive points of the network, by layer name."""

_POINTS = (qnn.QuantIdentity, qnn.QuantLinear, qnn.QuantReLU)


def compare(stage: str, expected: NDArray[Any], got: NDArray[Any]) -> tuple[Check, int | None]:
    """Compare results row by row, exactly.

    Returns:
        The counts, and the index of the first input that differs, or None.

    Raises:
        VerificationError: the two do not even have the same shape.
    """
    if expected.shape != got.shape:
        raise VerificationError(f"{stage}: results of shape {got.shape} where {expected.shape} were expected")
    equal = (expected == got).reshape(len(expected), -1).all(axis=1)
    differing = np.flatnonzero(~equal)
    return Check(len(equal), int(equal.sum()), "outputs", "test set"), int(differing[0]) if len(differing) else None


def fail(stage: str, check: Check, index: int, expected: Named, got: Named) -> None:
    """Raise the error that names the first input and the first layer where two stages part.

    Raises:
        VerificationError: always.
    """
    raise VerificationError(
        f"{stage}: {check.compared - check.equal} of {check.compared} answers differ; "
        f"the first is input {index}, {first_difference(expected, got)}"
    )


def first_difference(expected: Named, got: Named) -> str:
    """Where two runs of one input part: layer, element and both values."""
    for (name, want), (_, have) in zip(expected, got, strict=True):
        places = np.flatnonzero(np.ravel(want) != np.ravel(have))
        if len(places):
            place = int(places[0])
            return f"layer {name}, element {place}: {np.ravel(want)[place]} expected, {np.ravel(have)[place]} found"
    return "though every layer agrees: the results themselves were altered"


def torch_layers(network: nn.Module, x: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
    """What each quantised module of a Brevitas network yields for one input, in order."""
    seen: list[tuple[str, NDArray[Any]]] = []

    def keep(name: str) -> Any:
        return lambda module, inputs, output: seen.append((name, _plain(output)))

    handles = [m.register_forward_hook(keep(n)) for n, m in network.named_modules() if isinstance(m, _POINTS)]
    network.eval()
    with torch.no_grad():
        network(torch.from_numpy(x[None]).float())
    for handle in handles:
        handle.remove()
    return seen


def _plain(output: Any) -> NDArray[Any]:
    """Values of a tensor or of a Brevitas QuantTensor."""
    return np.asarray(output.value if hasattr(output, "value") else output)


def qonnx_layers(model: ModelWrapper, x: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
    """The same points of the exported model for one input: quantised input, then products and activations."""
    segments = cut(model)
    points = [(s.name, s.quantiser.output[0]) for s in segments[:1] if s.quantiser is not None]
    for segment in segments[1:]:
        points.append((segment.name, segment.tensor))
        if segment.quantiser is not None:
            points.append((f"{segment.name} activation", segment.quantiser.output[0]))
    values = run_model(model, x[None], tuple(tensor for _, tensor in points), batch=1)
    return [(name, values[tensor]) for name, tensor in points]


def integer_layers(
    network: DenseNetwork, model: ModelWrapper, x: NDArray[Any]
) -> tuple[list[tuple[str, NDArray[Any]]], list[tuple[str, NDArray[Any]]]]:
    """Activations of one input in the QONNX model, in units of their quantisers, and in the integer network."""
    ends = [(s.name, s.quantiser) for s in cut(model)[1:] if s.quantiser is not None]
    values = run_model(model, x[None], tuple(q.output[0] for _, q in ends), batch=1)
    wanted = [(n, np.rint(values[q.output[0]] / model.get_initializer(q.input[1])).astype(np.int64)) for n, q in ends]
    last = network.layers[-1].name
    logits = np.rint((values[""].astype(np.float64) - network.logit_offset) / network.logit_scale).astype(np.int64)
    execution = network.run(x[None])
    got = [(layer.name, result) for layer, result in zip(network.layers, execution.layers, strict=True)]
    return [*wanted, (last, logits)], got


def verify_export(network: nn.Module, model: ModelWrapper, golden: Golden) -> Check:
    """PyTorch against the exported model in the qonnx executor: float logits of the whole test set, exactly.

    Raises:
        VerificationError: they differ; names the first input and layer.
    """
    check, index = compare("export", golden.logits, run_model(model, golden.x)[""])
    if index is not None:
        x, shape = golden.x[index], model.get_tensor_shape(model.graph.input[0].name)
        fail("export", check, index, torch_layers(network, x.reshape(shape[1:])), qonnx_layers(model, x))
    return check


def verify_integer(network: DenseNetwork, model: ModelWrapper, golden: Golden) -> Check:
    """The integer network against the golden float logits: its logits, rescaled, must equal them exactly.

    Raises:
        VerificationError: they differ; names the first input and layer.
    """
    integers = network.run(golden.x).logits
    logits = (integers * network.logit_scale + network.logit_offset).astype(np.float32)
    check, index = compare("streamline", golden.logits, logits)
    if index is not None:
        fail("streamline", check, index, *integer_layers(network, model, golden.x[index]))
    return check
