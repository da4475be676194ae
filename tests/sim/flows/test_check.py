"""The trial of an untrained network for a board of FINN: what FINN cannot map is refused before any training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.stages.context import Context
from flows.stages.network import check
from models.cqmlp import model as cqmlp
from models.cqmlp.settings import NetworkSettings
from tests.slow.flows.test_check import of, trial
from toolchain.bounded import Bounds
from toolchain.errors import ModelError
from toolchain.training.inputs import Signature


def _wide(settings: NetworkSettings, signature: Signature) -> Any:
    return cqmlp.build(settings.model_copy(update={"activation_bits": 10}), signature)


def _context(folder: Path) -> Context:
    return trial(folder, "zcu104", "finn")


def test_what_finn_maps_passes(tmp_path: Path) -> None:
    assert check.run(_context(tmp_path)).summary.endswith("3 layers, by FINN too")


def test_what_finn_cannot_map_is_said_with_file_node_and_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "model_code", lambda context, name: of(_wide, cqmlp.merge))
    with pytest.raises(ModelError) as caught:
        check.run(_context(tmp_path))
    said = str(caught.value)
    assert said.startswith("models/cqmlp/model.py: node ")
    assert "to 8 bits at most" in said and said.endswith("FLOW=dataflow can take it")


def test_a_mapping_beyond_its_bounds_does_not_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_FINN", Bounds(2 << 30, 0.01))
    assert "not known yet: FINN's mapping takes more than 0.01 s" in check.run(_context(tmp_path)).summary
