"""Whether the network that a model's code hands over can be used."""

from __future__ import annotations

import torch
from torch import nn

from toolchain.errors import ModelError
from toolchain.training.inputs import Signature


def must_answer(network: object, signature: Signature, shown: str, *, decides: bool = False) -> nn.Module:
    """The network, if it takes integer inputs and gives one logit a class; for each stage, if it decides.

    Raises:
        ModelError: it is no network, refuses its input, or gives something else.
    """
    if not isinstance(network, nn.Module):
        raise ModelError(f"{shown}: gives {type(network).__name__}; should be a torch.nn.Module")
    network.eval()
    try:
        with torch.no_grad():
            answers = network(torch.zeros(2, *signature.shape))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        said = " ".join(str(error).split())[:200]
        taken = " x ".join(str(size) for size in signature.shape)
        raise ModelError(f"{shown}: the network refuses its {taken} inputs: {said}") from error
    logits = getattr(answers, "value", answers)
    shape = tuple(getattr(logits, "shape", ()))
    wanted = (2, signature.classes)
    if decides:
        _must_be_stages(shape, signature, shown)
    elif shape != wanted:
        raise ModelError(f"{shown}: the network gives {shape} for 2 rows; should be {wanted}, a logit a class")
    return network


def _must_be_stages(shape: tuple[int, ...], signature: Signature, shown: str) -> None:
    classes = signature.classes
    if len(shape) != 2 or shape[1] % classes or shape[1] < 2 * classes:
        raise ModelError(
            f"{shown}: the network gives {shape} for 2 rows; the recipe has a section 'decision', so it should be "
            f"(2, stages x {classes}): a logit a class for each of 2 or more stages"
        )
