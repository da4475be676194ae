"""The QONNX file of a quantised network, and whether its integer graph answers as PyTorch does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from brevitas.backport import fx
from numpy.typing import NDArray
from torch import nn

from toolchain.errors import VerificationError
from toolchain.graph.execute import run
from toolchain.graph.export import export_network
from toolchain.quantise.calibrate import answers
from toolchain.runtime.network_file.answer import integers_of
from toolchain.runtime.network_file.opening import open_network

FLOATS = "FLOAT32"


def write(network: fx.GraphModule, shape: tuple[int, ...], input_type: str | None, path: Path) -> None:
    """Write the file; see `toolchain.graph.export.export_network`."""
    export_network(copy.deepcopy(network), shape, input_type or FLOATS, path)


def must_be_equal(network: nn.Module, path: Path, x: NDArray[Any]) -> int:
    """Hold the integer graph of a file against the network in PyTorch, in float64, on all inputs: every output exactly.

    Returns:
        Outputs that were compared.

    Raises:
        ModelError: the file cannot be read as an integer graph.
        VerificationError: an output differs; names the first.
    """
    source = open_network(path).source
    end = source.graph.outputs[0]
    integers = run(source.graph, integers_of(source, x.astype(np.float32)))[end.node].reshape(len(x), -1)
    got = (integers.astype(np.float64) - (end.zero or 0)) * end.scale + end.offset
    wanted = answers(copy.deepcopy(network).double(), torch.from_numpy(x.astype(np.float64))).numpy()
    _compare(path, got, wanted)
    return got.size


def _compare(path: Path, got: NDArray[Any], wanted: NDArray[Any]) -> None:
    wrong = np.argwhere(got != wanted)
    if len(wrong):
        row, place = wrong[0]
        raise VerificationError(
            f"{path}: {len({int(at) for at, _ in wrong})} of {len(got)} vectors are answered otherwise by the integer "
            f"graph than by PyTorch; the first is vector {row}, output {place}: {got[row, place]!r} where "
            f"{wanted[row, place]!r} is expected; please report it"
        )
