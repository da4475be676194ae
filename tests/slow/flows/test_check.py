"""The trial of an untrained network: what cannot be built is refused before any training."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from brevitas import nn as qnn
from torch import nn

from flows.stages.context import Context
from flows.stages.network import check
from models.cqmlp import model as cqmlp
from tests.fast.toolchain.fabricated import data_facts, record
from toolchain.errors import ModelError
from toolchain.layout import Layout, Request
from toolchain.results.record import write_record

INPUTS = 12


def trial(folder: Path, board: str = "ulx3s", flow: str = "fpga_open") -> Context:
    """A trial of CQMLP for a board, its data being there."""
    layout = Layout(Request(board, "cqmlp", flow=flow), folder)
    layout.record("data").parent.mkdir(parents=True)
    write_record(layout.record("data"), record("data", facts=data_facts(inputs=INPUTS)))
    (folder / "out").mkdir()
    return Context("check", layout.request, layout, folder / "out")


def of(build: Any, merge: Any = lambda network, settings: network) -> SimpleNamespace:
    """A model's code."""
    return SimpleNamespace(build=build, merge=merge)


def _default_quantisers(*shape: Any) -> nn.Module:
    layers = [qnn.QuantIdentity(bit_width=2, return_quant_tensor=True), qnn.QuantLinear(INPUTS, 2, bias=False)]
    return nn.Sequential(*layers)


def test_what_can_be_built_passes_and_folds(tmp_path: Path) -> None:
    outcome = check.run(trial(tmp_path))
    assert outcome.summary.startswith("the untrained network can be built: 3 layers")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda *shape: nn.Linear(INPUTS + 1, 2), f"model.py: build(): the network refuses its {INPUTS} inputs"),
        (lambda *shape: nn.Linear(INPUTS, 3), "build(): the network gives (2, 3) for 2 rows; should be (2, 2)"),
        (lambda *shape: None, "build(): gives NoneType; should be a torch.nn.Module"),
        (_default_quantisers, "models/cqmlp/model.py: the quantiser of "),
        (lambda *shape: nn.Sequential(cqmlp.build(*shape), nn.Softplus()), "Softplus"),
    ],
)
def test_what_cannot_be_built_is_said(build: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "model_code", lambda context, name: of(build))
    with pytest.raises(ModelError) as caught:
        check.run(trial(tmp_path))
    assert words in str(caught.value)
