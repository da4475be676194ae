"""Whether an exported model answers as its PyTorch network, on the whole test set."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from brevitas import nn as qnn
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from toolchain.graph.comparing import compare, fail
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import run_model
from toolchain.graph.qonnx_nodes import QUANTISERS
from toolchain.results.check import Check

_POINTS = (qnn.QuantIdentity, qnn.QuantLinear, qnn.QuantConv1d, qnn.QuantConv2d, qnn.QuantReLU)
_PRODUCTS = {"MatMul", "Gemm", "Conv"}


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
    """What products and quantisers of the exported model yield for one input, in order."""
    known = {tensor.name for tensor in model.graph.initializer}
    points = []
    for node in model.graph.node:
        if all(name in known for name in node.input if name):
            known.update(node.output)
        elif node.op_type in _PRODUCTS | QUANTISERS:
            points.append(node)
    values = run_model(model, x[None], tuple(node.output[0] for node in points), batch=1)
    return [(node.name, values[node.output[0]]) for node in points]


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
