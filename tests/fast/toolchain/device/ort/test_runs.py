from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolchain.device.ort.runs import runs_of, skipped
from toolchain.errors import ToolError

TENSORRT, CUDA, CPU = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"
GRAPHS = {
    "qcdq": {"gpu": False, "precision": "int8", "sha256": "aa"},
    "tensorrt": {"gpu": True, "precision": "int8", "sha256": "bb"},
    "fp16": {"gpu": True, "precision": "fp16", "sha256": "cc"},
}
ORIN = {"graphs": GRAPHS, "jetson": {"tensorrt": "10.3.0", "int8": True}}
NANO = {"graphs": GRAPHS, "jetson": {"tensorrt": "8.2.1", "int8": False}}
FOUND = {"onnxruntime": "1.23.0"}
FACTS = {"jetson": {"tensorrt": "10.3.0.30", "soc": "tegra234", "compute_capability": "8.7"}}


def _names(device: dict[str, Any], providers: list[str], work: Path) -> list[str]:
    return [run.name for run in runs_of(device, providers, FOUND, FACTS, work)]


def test_on_a_cpu_every_graph_runs_once(tmp_path: Path) -> None:
    runs = runs_of({"graphs": GRAPHS, "jetson": None}, [CPU], FOUND, {"jetson": None}, tmp_path)
    assert [(run.graph, run.providers, run.options) for run in runs] == [(name, [CPU], {}) for name in GRAPHS]


def test_on_a_jetson_every_way_that_makes_sense_is_tried(tmp_path: Path) -> None:
    on_gpu = ["tensorrt on Tensorrt", "fp16 on Tensorrt", "fp16 on CUDA"]
    expected = ["qcdq on CPU", "tensorrt on CPU", "fp16 on CPU", *on_gpu]
    assert _names(ORIN, [TENSORRT, CUDA, CPU], tmp_path) == expected


def test_without_tensorrt_the_rest_is_tried(tmp_path: Path) -> None:
    expected = ["qcdq on CPU", "tensorrt on CPU", "fp16 on CPU", "fp16 on CUDA"]
    assert _names(ORIN, [CUDA, CPU], tmp_path) == expected
    assert skipped(ORIN, [CUDA, CPU]) == {}


def test_a_gpu_without_int8_gets_no_int8_graph(tmp_path: Path) -> None:
    names = _names(NANO, [TENSORRT, CUDA, CPU], tmp_path)
    assert "tensorrt on Tensorrt" not in names and "fp16 on Tensorrt" in names
    assert list(skipped(NANO, [TENSORRT, CUDA, CPU])) == ["tensorrt"]


def test_tensorrt_keeps_its_engines_in_a_folder_for_graph_and_device(tmp_path: Path) -> None:
    runs = {run.graph: run for run in runs_of(ORIN, [TENSORRT, CPU], FOUND, FACTS, tmp_path) if run.folder}
    folders = {run.folder for run in runs.values()}
    assert len(folders) == 2 and all(folder and folder.is_dir() for folder in folders)
    run = runs["tensorrt"]
    assert run.providers == [TENSORRT, CPU]
    assert run.options[TENSORRT]["trt_engine_cache_path"] == str(run.folder)
    assert run.options[TENSORRT]["trt_int8_enable"] == "True"


def test_a_jetson_that_hides_its_tensorrt_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="tensorrt, gpu, compute_capability of this device unknown"):
        runs_of(ORIN, [TENSORRT, CPU], FOUND, {"jetson": None}, tmp_path)
