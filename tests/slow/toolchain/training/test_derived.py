"""What follows from `build`, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from brevitas import nn as qnn
from torch import nn

from toolchain.errors import ModelError
from toolchain.training.blocks import dense, entry, scores
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature
from toolchain.training.quantisers import weight_quantiser

SIGNATURE = Signature((6,), "UINT4", 3)


def _code(middle: Callable[[], nn.Module], **more: Any) -> Any:
    def build(settings: Any, signature: Signature) -> nn.Module:
        return nn.Sequential(entry(signature), middle(), scores(8, signature, 4))

    return completed(SimpleNamespace(build=build, **more))


def test_the_trained_network_is_left_as_it_is() -> None:
    code = _code(lambda: dense(6, 8, 4, 4))
    network = code.build(None, SIGNATURE).eval()
    x = torch.arange(6.0).reshape(1, 6)
    before = network(x)
    merged = code.merge(network, None)
    assert not any(isinstance(module, nn.BatchNorm1d) for module in merged.modules())
    assert torch.equal(network(x), before)


def test_what_a_model_gives_itself_stands() -> None:
    def merge(network: Any, settings: Any) -> str:
        return "its own"

    code = _code(lambda: dense(6, 8, 4, 4), merge=merge, loss=lambda *_: 1)
    assert code.merge(None, None) == "its own"  # type: ignore[comparison-overlap]
    assert hasattr(code, "loss") and not hasattr(code, "training_rows")


class _Apart(nn.Module):
    """Layer and normalisation that stand in no container together."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = dense(6, 8, 4, 4)[0], nn.BatchNorm1d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.norm(self.layer(x))
        return result


def _behind_activation() -> nn.Module:
    return nn.Sequential(*dense(6, 8, 4, 4), nn.BatchNorm1d(8))


def _other_steps() -> nn.Module:
    return nn.Sequential(qnn.QuantLinear(6, 8, bias=False, weight_quant=weight_quantiser(4, 0.5)), nn.BatchNorm1d(8))


def _with_bias() -> nn.Module:
    return nn.Sequential(qnn.QuantLinear(6, 8, bias=True, weight_quant=weight_quantiser(4)), nn.BatchNorm1d(8))


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        (_Apart, "1.norm: a normalisation that follows no dense layer"),
        (_behind_activation, "1.3: a normalisation that follows no dense layer"),
        (_other_steps, "1.0: a layer before a normalisation has no bias, and weights in steps of 0.125"),
        (_with_bias, "1.0: a layer before a normalisation has no bias"),
    ],
)
def test_what_cannot_be_merged_is_named(middle: Callable[[], nn.Module], words: str) -> None:
    code = _code(middle)
    with pytest.raises(ModelError) as caught:
        code.merge(code.build(None, SIGNATURE), None)
    assert words in str(caught.value)
