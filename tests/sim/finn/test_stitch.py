"""FINN's Verilog of a small network, stitched: equal to the integer reference, movable, and synthesised."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from hls.simulate_stream import simulate_stream
from hls.stream import StreamCore
from models.cqmlp.model import build, merge
from models.cqmlp.settings import NetworkSettings
from toolchain.errors import ModelError
from toolchain.finn.generate import generate_rtl
from toolchain.finn.mapping import MapTarget, map_network
from toolchain.finn.stitch import stitch
from toolchain.fpga.xilinx import Family, synthesise
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.results.core import StitchedCore
from toolchain.training.inputs import Signature
from toolchain.training.loop import set_up

INPUTS, CLASSES = 24, 5
X = np.random.default_rng(7).integers(0, 2, (1000, INPUTS)).astype(np.uint8)
RESOURCES = {"lut": 50_000, "ff": 100_000, "bram": 200, "dsp": 200}


@dataclass(frozen=True)
class Device:
    part: str
    family: Family
    fps: float


# One neuron at a time on the first, several on the second, whose DSP slice is another.
DEVICES = {
    "zcu104": Device("xczu7ev-ffvc1156-2-e", "zynq_ultrascale", 1e6),
    "pynq-z2": Device("xc7z020clg400-1", "zynq_7000", 5e6),
}


@dataclass(frozen=True)
class Stitched:
    network: DenseNetwork
    device: Device
    prepared: Path
    core: StitchedCore
    rtl: Path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random weights, its statistics from the data."""
    settings = NetworkSettings(hidden=(12, 8))
    set_up(3)
    network = build(settings, Signature((INPUTS,), "BINARY", CLASSES))
    for norm in (module for module in network if isinstance(module, nn.BatchNorm1d)):
        norm.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(X).float())
    network.eval()
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_network(merge(network, settings), INPUTS, "BINARY", path)
    return path


@pytest.fixture(scope="module", params=DEVICES)
def stitched(request: pytest.FixtureRequest, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Stitched:
    """The core, in a folder that was moved after stitching."""
    device, folder = DEVICES[request.param], tmp_path_factory.mktemp("stitched")
    target = MapTarget(device.part, RESOURCES, 100.0, device.fps, 0.5)
    mapped = map_network(
        chain_of(read_qonnx(load_model(trained))).graph, target, folder / "map", folder / "finn", print
    )
    prepared = generate_rtl(mapped.model, device.part, 10.0, folder / "generate", print)
    core = stitch(prepared, folder / "there")
    shutil.move(folder / "there", folder / "rtl")
    return Stitched(chain_of(read_qonnx(load_model(trained))), device, prepared, core, folder / "rtl")


def stream_core(core: StitchedCore) -> StreamCore:
    return StreamCore(core.top, core.sources, core.input, core.layers, core.initiation_interval)


def test_every_element_equals_the_integer_reference(stitched: Stitched, tmp_path: Path) -> None:
    core, expected = stream_core(stitched.core), stitched.network.run(X).layers
    whole = simulate_stream(core, stitched.rtl, X, expected, tmp_path, optimise=False)
    assert (whole.compared, whole.equal, whole.first_difference) == (1000, 1000, None)
    assert whole.initiation_interval == stitched.core.initiation_interval
    stalled = simulate_stream(core, stitched.rtl, X, expected, tmp_path, backpressure_seed=1, optimise=False)
    assert (stalled.equal, stalled.first_difference) == (1000, None)
    assert stalled.cycles > 1.2 * whole.cycles
    wrong = [expected[0] ^ (np.arange(12) == 3), *expected[1:]]
    broken = simulate_stream(core, stitched.rtl, X, wrong, tmp_path, optimise=False)
    assert broken.equal == 0
    assert (broken.first_difference or "").startswith("input 0: layer 0 (Thresholding_rtl_0), element 3: expected")


def test_equal_bytes_without_paths(stitched: Stitched, tmp_path: Path) -> None:
    assert stitch(stitched.prepared, tmp_path) == stitched.core
    files = sorted(path.name for path in stitched.rtl.iterdir())
    assert files == sorted([*stitched.core.sources, *stitched.core.data])
    for name in files:
        again = (tmp_path / name).read_bytes()
        assert again == (stitched.rtl / name).read_bytes()
        assert str(stitched.prepared.parent).encode() not in again


def changed(prepared: Path, out: Path, name: str, **values: int | str) -> Path:
    """The prepared model with other attributes of one node."""
    model = onnx.load(prepared)
    (node,) = [node for node in model.graph.node if node.name == name]
    kept = [attribute for attribute in node.attribute if attribute.name not in values]
    del node.attribute[:]
    node.attribute.extend([*kept, *(onnx.helper.make_attribute(key, value) for key, value in values.items())])
    onnx.save(model, out)
    return out


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"SIMD": INPUTS}, r"node MVAU_rtl_0 \(MVAU_rtl\): SIMD is 24, all of its .* fold it to SIMD 12 or less"),
        ({"mem_mode": "external"}, r"node MVAU_rtl_0 .* mem_mode is external, expected internal_decoupled"),
        ({"pumpedCompute": 1}, r"node MVAU_rtl_0 .* pumpedCompute needs a second clock"),
        ({"code_gen_dir_ipgen": "/gone"}, r"node MVAU_rtl_0 .* its Verilog is missing"),
    ],
)
def test_refused_nodes(stitched: Stitched, tmp_path: Path, values: dict[str, int | str], message: str) -> None:
    prepared = changed(stitched.prepared, tmp_path / "prepared.onnx", "MVAU_rtl_0", **values)
    with pytest.raises(ModelError, match=message):
        stitch(prepared, tmp_path / "rtl")


def test_synthesis_counts_what_the_sources_instantiate(stitched: Stitched, tmp_path: Path) -> None:
    core, rtl = stitched.core, tmp_path / "a build" / "rtl"
    shutil.copytree(stitched.rtl, rtl)
    sources, out = [rtl / name for name in core.sources], rtl.parent / "synthesise"
    result = synthesise(stitched.device.family, core.top, sources, rtl, out, system_verilog=True)
    cells = result.netlist.read_text()
    assert result.resources.dsp == cells.count(f'"type": "{_dsp(stitched.device)}"') > 0
    assert result.resources.ff > 100
    assert result.resources.lut > 100


def _dsp(device: Device) -> str:
    return {"zynq_7000": "DSP48E1", "zynq_ultrascale": "DSP48E2"}[device.family]
