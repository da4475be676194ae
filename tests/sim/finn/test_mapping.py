"""FINN's graph of a network computes what the integer reference does and is folded as asked, or is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from tests.sim.finn.networks import PYNQ, RESOURCES, ZCU104, vectors, write_exported, write_product, write_two_layers
from toolchain.errors import FitError, ModelError
from toolchain.finn.execute import run_python
from toolchain.finn.generate import generate_rtl
from toolchain.finn.mapping import Mapped, MapTarget, map_network
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.model_file import load_model
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.progress import Progress

ZOO = Path(__file__).resolve().parents[4] / "shared/data/onnx/qonnx-model-zoo"
TARGET = MapTarget(ZCU104, RESOURCES, 100.0, 1e6, 0.5)


def reference(onnx: Path) -> DenseNetwork:
    return chain_of(read_qonnx(load_model(onnx)))


def mapping(onnx: Path, target: MapTarget, out: Path, work: Path, progress: Progress) -> Mapped:
    return map_network(reference(onnx).graph, target, out, work, progress)


def quiet(phrase: str) -> None:
    """Progress that nobody hears."""


@pytest.fixture(scope="module")
def onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exported(tmp_path_factory.mktemp("onnx") / "model.onnx", 23, (12, 9), 5, "BINARY")


@pytest.fixture(scope="module")
def mapped(onnx: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    folder = tmp_path_factory.mktemp("mapped")
    return mapping(onnx, TARGET, folder / "out", folder / "work", quiet)


def test_equals_the_integer_reference(onnx: Path, mapped: Mapped, tmp_path: Path) -> None:
    x = vectors(23, "BINARY")
    assert np.array_equal(run_python(mapped.model, x, tmp_path), reference(onnx).run(x).logits)


def test_finn_s_own_estimate_counts_no_ultra_ram_that_the_device_lacks(onnx: Path, tmp_path: Path) -> None:
    theirs = mapping(onnx, replace(TARGET, part=PYNQ), tmp_path / "out", tmp_path / "work", quiet).facts.finn_estimate
    assert theirs.uram == 0 < theirs.lut


def test_byte_inputs_equal_the_integer_reference_on_7_series(tmp_path: Path) -> None:
    onnx = write_exported(tmp_path / "model.onnx", 10, (16, 8, 6), 3, "UINT8")
    target = replace(TARGET, part=PYNQ, fps=None)
    mapped = mapping(onnx, target, tmp_path / "out", tmp_path / "work", quiet)
    x = vectors(10, "UINT8")
    assert np.array_equal(run_python(mapped.model, x, tmp_path / "run"), reference(onnx).run(x).logits)


@pytest.mark.parametrize("name", ["TFC_1W1A", "TFC_2W2A"])
def test_zoo_models_equal_the_integer_reference(name: str, tmp_path: Path) -> None:
    path = ZOO / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    mapped = mapping(path, TARGET, tmp_path / "out", tmp_path / "work", quiet)
    network = reference(path)
    x = np.random.default_rng(5).choice([-1, 1], (200, network.inputs))
    assert np.array_equal(run_python(mapped.model, x, tmp_path / "run"), network.run(x).logits)


def test_equal_bytes_without_paths(onnx: Path, mapped: Mapped, tmp_path: Path) -> None:
    again = mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", quiet)
    names = {path.name for path in mapped.model.parent.iterdir()}
    assert names == {"model.onnx", "parent.onnx", "folding.json", "estimates.json"}
    for name in names:
        first, second = ((folder / name).read_bytes() for folder in (mapped.model.parent, again.model.parent))
        assert first == second
        assert b"/tmp" not in first
        assert str(tmp_path).encode() not in first


def test_folding_reaches_the_rate_and_every_figure_is_an_estimate(mapped: Mapped) -> None:
    facts = mapped.facts
    assert facts.kind == "estimated"
    assert facts.fps >= 1e6
    assert facts.initiation_interval == max(layer.cycles for layer in facts.layers)
    assert [layer.op_type for layer in facts.layers] == [*["MVAU_rtl", "Thresholding_rtl"] * 2, "MVAU_rtl"]
    assert facts.estimate.of == "core" and facts.estimate.lut > 0
    assert facts.finn_estimate.dsp > 0


def test_rate_out_of_reach_names_one_that_is_not(onnx: Path, tmp_path: Path) -> None:
    small = replace(TARGET, resources={**RESOURCES, "dsp": 12}, fps=1e8)
    with pytest.raises(FitError) as caught:
        mapping(onnx, small, tmp_path / "out", tmp_path / "work", quiet)
    best = re.search(r"best that fits is ([\d,]+) inferences/s", str(caught.value))
    assert best is not None
    rate = float(best.group(1).replace(",", ""))
    mapped = mapping(onnx, replace(small, fps=rate), tmp_path / "out", tmp_path / "work", quiet)
    fastest = mapping(onnx, replace(small, fps=None), tmp_path / "out", tmp_path / "work", quiet)
    assert 1e6 < rate <= mapped.facts.fps == fastest.facts.fps


def test_rtl_is_the_same_wherever_it_is_generated(mapped: Mapped, tmp_path: Path) -> None:
    prepared = [generate_rtl(mapped.model, ZCU104, 10.0, tmp_path / name, quiet) for name in ("a", "b")]
    files = [sorted(p for p in (path.parent / "code").rglob("*") if p.is_file()) for path in prepared]
    assert len(files[0]) > 20
    for first, second in zip(*files, strict=True):
        assert first.read_bytes().replace(bytes(tmp_path / "a"), bytes(tmp_path / "b")) == second.read_bytes()


def test_fifo_before_each_product_holds_a_vector(mapped: Mapped, tmp_path: Path) -> None:
    model = ModelWrapper(str(generate_rtl(mapped.model, ZCU104, 10.0, tmp_path / "work", quiet)))
    for node in model.get_nodes_by_op_type("MVAU_rtl"):
        fifo, operator = model.find_producer(node.input[0]), getCustomOp(node)
        fifo = fifo or model.graph.node[0]
        assert getCustomOp(fifo).get_nodeattr("depth") >= operator.get_nodeattr("MW") // operator.get_nodeattr("SIMD")


@pytest.mark.parametrize(
    ("weights", "part"),
    [
        (np.array([[0, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 1]]), ZCU104),
        (np.array([[-2, 1, 1], [1, 0, 1], [0, 0, -2], [1, 1, 1]]), PYNQ),
        (np.array([[-1, 1, 1], [1, -1, 1], [-1, -1, 1], [1, 1, 1]]), PYNQ),
    ],
)
def test_weights_that_the_rtl_does_not_take_as_they_are(weights: np.ndarray, part: str, tmp_path: Path) -> None:
    onnx = write_product(tmp_path / "model.onnx", weights)
    mapped = mapping(onnx, replace(TARGET, part=part), tmp_path / "out", tmp_path / "work", quiet)
    x = np.random.default_rng(1).integers(0, 16, (100, 4))
    assert np.array_equal(run_python(mapped.model, x, tmp_path / "run"), x @ weights)


@pytest.mark.parametrize("tail", [(), ("Mul", "Relu"), ("Relu", "Mul"), ("Clip",)], ids="-".join)
def test_activations_that_finn_leaves_in_place(tail: tuple[str, ...], tmp_path: Path) -> None:
    onnx = write_two_layers(tmp_path / "model.onnx", tail, bits=2)
    mapped = mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", quiet)
    x = np.random.default_rng(2).integers(0, 16, (500, 6))
    assert np.array_equal(run_python(mapped.model, x, tmp_path / "run"), reference(onnx).run(x).logits)


def test_activation_that_is_too_wide_is_named_with_the_mend(tmp_path: Path) -> None:
    onnx = write_two_layers(tmp_path / "model.onnx", (), bits=10)
    with pytest.raises(
        ModelError, match=r"^node activation_0 \(Threshold\): 1023 thresholds .* 8 bits at most; FLOW=dataflow"
    ):
        mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", quiet)


def test_layer_without_rtl_is_named_with_the_mend(tmp_path: Path) -> None:
    onnx = write_product(tmp_path / "model.onnx", np.array([[1, 1], [3, 4]]), "UINT20")
    with pytest.raises(ModelError, match=r"^node MatMul_0 \(Linear\): activations of 20 bits.*; FLOW=dataflow"):
        mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", quiet)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_to_the_home(onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", quiet)
    assert list((tmp_path / "home").iterdir()) == []


def test_finn_is_heard_in_its_log_only(
    onnx: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    said: list[str] = []
    mapping(onnx, TARGET, tmp_path / "out", tmp_path / "work", said.append)
    assert capfd.readouterr() == ("", "")
    assert list(recwarn) == []
    assert (tmp_path / "work" / "finn.log").is_file()
    assert {"partition", "specialisation", "choosing a folding", "estimates"} < set(said)
