"""The four official MLPerf Tiny networks, equal to LiteRT's reference kernels on every output of every vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fast.toolchain.graph.readers.tflite.compared import vectors
from toolchain.graph.execute import run_one
from toolchain.graph.readers.source import Source
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference


def _read(shared_data: Path, name: str) -> tuple[Path, Source]:
    path = shared_data / "tflite" / "mlperf-tiny" / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path, read_tflite(path)


def _equal(path: Path, source: Source, x: NDArray[Any]) -> NDArray[Any]:
    [output], [port] = source.graph.outputs, source.outputs
    found = run_one(source.graph, x)[output.node]
    wanted = run_reference(path, {source.inputs[0].name: x})[port.name]
    assert np.array_equal(found, wanted)
    return found


@pytest.mark.parametrize(("name", "rows"), [("vww_96_int8.tflite", 8), ("ad01_int8.tflite", 200)])
def test_random_codes(shared_data: Path, name: str, rows: int) -> None:
    path, source = _read(shared_data, name)
    assert source.front is None and source.tail is None
    _equal(path, source, vectors(source, rows)[source.inputs[0].name])


def test_images(shared_data: Path) -> None:
    path, source = _read(shared_data, "pretrainedResnet_quant.tflite")
    data = np.load(shared_data / "cifar10-jpeg" / "test1000.npz")
    x = (data["x"][:50].astype(np.int16) - 128).astype(np.int8)
    _equal(path, source, x)


def test_keywords_and_how_many_are_right(shared_data: Path) -> None:
    path, source = _read(shared_data, "kws_ref_model.tflite")
    data = np.load(shared_data / "kws01" / "kws01.npz")
    _equal(path, source, data["x"][:100])
    codes = run_one(source.graph, data["x"])[source.graph.outputs[0].node]
    # XNNPACK's kernels, which round otherwise, label 902 right. Of two equal scores the first one counts.
    assert (codes.argmax(axis=1) == data["y"]).sum() == 901
    assert (codes.max(axis=1) == codes[np.arange(len(codes)), data["y"]]).sum() == 902
