"""Whether float32, in which other programs run the file, holds the sums of a quantised network as they are."""

from __future__ import annotations

import copy
from typing import Any

import torch
from brevitas.backport import fx

from toolchain.quantise.calibrate import answers
from toolchain.quantise.settle import inputs_of
from toolchain.quantise.weighed import layers_in

MOST = 2**24
"""Sums that float32 holds one by one."""


def rounded(network: fx.GraphModule, x: torch.Tensor) -> str:
    """What float32 rounds, in words; empty where it answers all vectors as exact arithmetic does.

    Args:
        x: inputs, (N, ...).
    """
    layer, longest = _longest_sum(network, x)
    if longest < MOST:
        return ""
    exact = answers(copy.deepcopy(network).double(), x.double())
    wrong = int((answers(network, x).double() != exact).any(1).sum())
    if not wrong:
        return ""
    return (
        f"{layer} adds up to {longest:,.0f} steps, and float32 holds {MOST:,}: {wrong} of {len(x)} vectors are "
        "answered otherwise than by exact arithmetic"
    )


def _longest_sum(network: fx.GraphModule, x: torch.Tensor) -> tuple[str, float]:
    """The layer whose sums may reach the most of their own least steps, and how many."""
    layers = list(layers_in(network))
    inputs = inputs_of(network, layers, x[:1])
    found = [(_reach(layer, inputs[name]), name) for name, layer in layers if name in inputs]
    longest, name = max(found, default=(0.0, ""))
    return name, longest


def _reach(layer: Any, taken: Any) -> float:
    weights, bits = layer.quant_weight(), float(taken.bit_width)
    greatest = 2 ** (bits - 1) if bool(taken.signed) else 2**bits - 1
    sums = weights.int().detach().double().abs().reshape(len(weights.value), -1).sum(1) * greatest
    # Biases lie halfway between two sums.
    return float((2 * sums * _odd_part((weights.scale * taken.scale).detach().double().reshape(-1))).max())


def _odd_part(values: torch.Tensor) -> torch.Tensor:
    """Numbers of few bits without their powers of two: a sum of their multiples steps by the rest."""
    part = torch.frexp(values)[0]
    while bool((part != part.round()).any()):
        part = torch.where(part == part.round(), part, 2 * part)
    return part
