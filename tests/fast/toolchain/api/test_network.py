"""A network's file from Python: what it takes, its integers, and refusals in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gateweave
from tests.fast.toolchain.runtime.network_file.files import conv_tflite, dense_qonnx, two_qdq
from toolchain.api import Network, Tensor, load
from toolchain.cli.check import checked
from toolchain.errors import ConfigError, DataError, ModelError
from toolchain.runtime.network_file.opening import open_network

X = np.random.default_rng(0).normal(0, 1, (5, 8))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return load(dense_qonnx(tmp_path_factory.mktemp("net") / "net.onnx"))


def test_it_says_what_it_takes_and_answers(network: Network) -> None:
    assert network.format == "QONNX"
    assert network.inputs == (Tensor("global_in", (8,), "float32"),)
    [output] = network.outputs
    assert (output.shape, output.type, output.scale) == ((4,), "INT6", 0.5)
    assert str(output) == "global_out: INT6, shape (N, 4)"


def test_its_integers_are_those_that_the_file_means(network: Network) -> None:
    integers, [output] = network.run(X), network.outputs
    assert isinstance(integers, np.ndarray) and integers.dtype.kind == "i"
    own = open_network(network.path).reference(X.astype(np.float32))
    assert np.array_equal(integers * output.scale + output.offset, own)
    assert np.array_equal(network.values(X), own)


def test_several_inputs_and_outputs_go_by_their_names(tmp_path: Path) -> None:
    two = load(two_qdq(tmp_path / "two.onnx"))
    given = {tensor.name: np.ones((3, *tensor.shape)) for tensor in two.inputs}
    answers = two.run(given)
    assert isinstance(answers, dict)
    assert {name: values.shape[1:] for name, values in answers.items()} == {t.name: t.shape for t in two.outputs}
    with pytest.raises(DataError, match="x: holds x; the network takes x_1, x_6: give a mapping"):
        two.run(X)


def test_a_tflite_file_takes_its_own_integers(tmp_path: Path) -> None:
    network = load(str(conv_tflite(tmp_path / "net.tflite")))
    [taken] = network.inputs
    assert (network.format, taken.type) == ("TFLite", "int8")
    with pytest.raises(DataError, match=r"run: x\[0, 0, 0, 0\] is 0.5; .*whole numbers from -128 to 127"):
        network.run(np.full((2, *taken.shape), 0.5))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X[:, :7], r"run: x has shape \(5, 7\); the model takes \(N, 8\)"),
        (X * np.nan, r"run: x\[0, 0\] is nan; expected finite float32"),
        ([["a"] * 8], "x: an array of type <U1; expected numbers"),
        ([[1], [1, 2]], "x: its rows differ in shape"),
        ({"other": X}, "x: holds other; the network takes global_in"),
    ],
)
def test_what_does_not_fit_is_named(network: Network, x: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        network.run(x)  # type: ignore[arg-type]


def test_a_check_is_that_of_the_command_line(network: Network) -> None:
    assert network.check() == checked(network.path, None)
    with pytest.raises(ConfigError, match="unknown board 'ulx2s'"):
        network.check("ulx2s")


def test_what_is_no_network_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.onnx: no such file"):
        load(tmp_path / "none.onnx")
    (tmp_path / "notes.onnx").write_text("no network")
    with pytest.raises(ModelError, match=r"notes.onnx: malformed"):
        load(tmp_path / "notes.onnx")


def test_the_package_offers_it() -> None:
    assert gateweave.load is load
    assert {name for name in gateweave.__all__ if not hasattr(gateweave, name)} == set()
