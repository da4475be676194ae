"""What a trained network costs: the estimate of the unrolled core that a build would make of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.stages.network.lut_estimate import lut_of
from hls.unrolled.estimate import estimate_unrolled
from models.cqmlp import model as cqmlp
from models.cqmlp.settings import NetworkSettings
from models.litecnn import model as litecnn
from models.litecnn.settings import NetworkSettings as Convolutions
from toolchain.errors import ModelError
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model
from toolchain.runtime.trained import read_trained
from toolchain.training.dataset import Dataset, dataset_of
from toolchain.training.loop import set_up


def _dataset(shape: tuple[int, ...], input_type: str) -> Dataset:
    x, y = np.zeros((4, *shape), np.uint8), np.zeros(4, np.uint8)
    splits = {"blocked": y, "random": y}
    return dataset_of(x, y, input_type=input_type, classes=("a", "b", "c"), kind="synthetic", splits=splits)


@pytest.mark.parametrize(("lut_inputs", "family"), [(4, "ecp5"), (6, "zynq_7000")])
def test_it_is_the_estimate_of_the_exported_network(lut_inputs: int, family: str, tmp_path: Path) -> None:
    set_up(1)
    dataset, settings = _dataset((20,), "BINARY"), NetworkSettings(hidden=(8,))
    network = cqmlp.merge(cqmlp.build(settings, dataset.signature).eval(), settings)
    export_network(network, 20, "BINARY", tmp_path / "model.onnx")
    dense = read_trained(load_model(tmp_path / "model.onnx")).network
    assert dense is not None
    counted = lut_of(network, dataset, lut_inputs, "x.yaml")
    assert counted == estimate_unrolled(dense, 25_000_000, family)["lut"] > 40


def test_a_network_that_is_no_chain_of_dense_layers_has_no_budget() -> None:
    dataset, settings = _dataset((1, 8, 8), "UINT8"), Convolutions(channels=(2, 3, 4))
    network = litecnn.merge(litecnn.build(settings, dataset.signature).eval(), settings)
    with pytest.raises(ModelError, match=r"x\.yaml: budget: .*chain of dense layers"):
        lut_of(network, dataset, 4, "x.yaml")
