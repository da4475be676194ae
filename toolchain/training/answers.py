"""Whether the network that a model's code hands over can be used."""

from __future__ import annotations

import torch
from torch import nn

from toolchain.errors import ModelError
from toolchain.training.inputs import Signature


def must_answer(network: object, signature: Signature, shown: str) -> nn.Module:
    """The network, if it takes integer inputs and gives one logit a class.

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
    if shape != wanted:
        raise ModelError(f"{shown}: the network gives {shape} for 2 rows; should be {wanted}, a logit a class")
    return network
