"""One spelling for QONNX operators, whoever wrote the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.fast.toolchain.graph.small_models import CHAIN, DOMAIN, X, raw, tidied
from toolchain.graph.model_file import run_model
from toolchain.graph.qonnx_nodes import is_qonnx, normalised
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx


def spelt(domain: str, *, named: bool = True, first: bool = False) -> onnx.ModelProto:
    model = raw(CHAIN)
    for node in model.graph.node:
        if node.domain:
            node.domain = domain
    del model.opset_import[:]
    own, other = [helper.make_opsetid("", 17)], [helper.make_opsetid(domain, 1)] if named and domain else []
    model.opset_import.extend(other + own if first else own + other)
    return model


@pytest.mark.parametrize("domain", ["onnx.brevitas", "finn.custom_op.general", "finn", "", DOMAIN])
@pytest.mark.parametrize(("named", "first"), [(True, False), (True, True), (False, False)])
def test_every_spelling_gives_the_same_answers(domain: str, named: bool, first: bool, tmp_path: Path) -> None:
    model = spelt(domain, named=named, first=first)
    assert is_qonnx(model)
    tidy = tidied(model, tmp_path)
    network = chain_of(read_qonnx(tidy))
    assert np.array_equal(run_model(tidy, X)[""], network.run(X).logits.astype(np.float32))


def test_version_of_onnx_comes_first() -> None:
    model = normalised(spelt("onnx.brevitas", first=True))
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17), (DOMAIN, 1)]


def test_a_model_of_plain_operators_is_left_alone() -> None:
    model = raw([node for node in CHAIN if not node.domain])
    assert not is_qonnx(model)
