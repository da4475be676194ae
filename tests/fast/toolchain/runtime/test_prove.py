"""Proofs count what they should, and passes that change answers are found."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from tests.fast.toolchain.runtime.networks import inputs, network
from toolchain.errors import ModelError, VerificationError
from toolchain.runtime.graphs import graphs_of
from toolchain.runtime.prove import compare, prove, settle, smallest
from toolchain.runtime.session import RunOptions, open_session, run_session

ON = RunOptions()


def test_ties_are_allowed_for() -> None:
    reference = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    proof = compare(np.array([[0.9, 1.0, 0.0], [0.0, 1.0, 2.0]]), reference, ON)
    assert (proof.labels_equal, proof.differing, proof.equal, proof.first) == (1, 1, 0, 1)


def test_near_ties_only_where_asked_for() -> None:
    reference, got = np.array([[1.0, 0.9999999, 0.0]]), np.array([[0.9, 1.0, 0.0]])
    assert compare(got, reference, ON).differing == 1
    assert compare(got, reference, ON, tie=1e-6).differing == 0


def test_a_value_that_is_no_number_differs() -> None:
    proof = compare(np.array([[np.nan, 1.0]]), np.array([[0.0, 1.0]]), ON, tolerance=0.5)
    assert (proof.equal, proof.labels_equal, proof.largest) == (0, 0, np.inf)


def test_tolerance_is_relative_to_all_values() -> None:
    got, reference = np.array([[100.0], [0.05]]), np.array([[100.0], [0.0]])
    assert compare(got, reference, ON, tolerance=1e-3).equal == 2
    assert compare(got, reference, ON, tolerance=1e-4).equal == 1


def test_shapes_that_do_not_match() -> None:
    with pytest.raises(VerificationError, match=r"shape \(2, 3\) where the reference has \(2, 4\)"):
        compare(np.zeros((2, 3)), np.zeros((2, 4)), ON)


@pytest.fixture(scope="module")
def off_grid() -> tuple[onnx.ModelProto, NDArray[np.int64]]:
    """A QDQ graph with float biases between the steps that WeightBiasQuantization would round them to."""
    net = network("binary")
    model = graphs_of(net)["tensorrt"]
    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if tensor.name.startswith("bias"):
            bias = numpy_helper.to_array(tensor)
            moved = (bias + rng.uniform(-0.4, 0.4, bias.shape)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(moved, tensor.name))
    return model, inputs(net, 2000)


@pytest.mark.parametrize("exact", [True, False])
def test_the_pass_that_changes_answers_is_found(
    off_grid: tuple[onnx.ModelProto, NDArray[np.int64]], exact: bool
) -> None:
    model, x = off_grid
    reference = run_session(open_session(model, RunOptions("none")), x)
    before = prove(model, x, reference)
    assert before.equal < before.compared and before.differing
    proof = settle(model, x, reference, exact=exact)
    assert proof.options == RunOptions("all", ("WeightBiasQuantization",))
    assert proof.labels_equal == proof.compared and (proof.exact or not exact)


def test_a_graph_that_is_wrong_by_itself_is_not_mended(off_grid: tuple[onnx.ModelProto, NDArray[np.int64]]) -> None:
    model, x = off_grid
    reference = -run_session(open_session(model, RunOptions("none")), x)
    assert settle(model, x, reference, exact=False).options == ON


@pytest.mark.parametrize("needed", [{"c"}, {"a", "h"}, {"d", "e", "f"}, set("abcdefgh"), set()])
def test_smallest_set(needed: set[str]) -> None:
    assert set(smallest("abcdefgh", lambda names: needed <= set(names))) == needed


def test_options_round_trip_and_entries() -> None:
    options = RunOptions("extended", ("A", "B"))
    assert RunOptions.from_json(options.to_json()) == options
    assert options.entries == {"optimization.disable_specified_optimizers": "A;B"}
    assert options.old_entries is None
    assert RunOptions(disabled=("WeightBiasQuantization",)).old_entries == {"session.disable_quant_qdq": "1"}
    with pytest.raises(ModelError, match="should be one of all, extended, basic, none"):
        RunOptions("most")
