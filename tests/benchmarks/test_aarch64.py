"""Instructions of MLPerf Tiny's networks on emulated aarch64: our C beside LiteRT's XNNPACK and ONNX Runtime.

Run with ``make bench``. ONNX Runtime's start alone is some 240 million instructions, which takes minutes a count: its
exact graphs are counted of keyword spotting, or of the networks that `GATEWEAVE_BENCH_ONNX` names.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.benchmarks.emulated import LITERT, build_counter, of_an_inference, of_litert, of_our_c, tell
from tests.benchmarks.test_kernels import NETWORKS
from toolchain.board import OrtBoard
from toolchain.catalog import load_board
from toolchain.errors import ToolError
from toolchain.graph.readers.source import Source
from toolchain.runtime.binaries import build_runner, find_library
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.sysroot import Pins, download_wheels, prepare_emulator

_ARM, _PLAYER = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
_LEVELS = {"armv8-a": "cortex-a72", "armv8.2-a+dotprod": "cortex-a76"}
"""The processor that is played for each level of the compiler's: those of Raspberry Pi 4 and 5."""

_ONNX = os.environ.get("GATEWEAVE_BENCH_ONNX", "kws_ref_model").split(",")
_GRAPHS = ("fp32", "qcdq")


@pytest.mark.skipif(not all(map(shutil.which, (_ARM, _PLAYER))), reason=f"no {_ARM} or no {_PLAYER}")
@pytest.mark.parametrize("level", _LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_instructions_on_aarch64(name: str, level: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tflite" / "mlperf-tiny" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    counter, cpu, source = build_counter(tmp_path), _LEVELS[level], open_network(path).source
    told = {"C": of_our_c(counter, [_PLAYER, "-cpu", cpu], source.graph, _ARM, level)}
    if name in _ONNX:
        told |= _onnxruntime(counter, source, tmp_path, cpu)
    try:
        told[f"LiteRT ({LITERT}), XNNPACK"] = _litert(counter, path, cpu)
    except ToolError as error:
        pytest.skip(f"without LiteRT: {error}")
    finally:
        tell(name, level, told)
    assert min(told.values()) == told["C"]


def _litert(counter: Path, path: Path, cpu: str) -> int:
    cache = _cache(counter.parent)
    wheels = download_wheels([LITERT, f"numpy=={np.__version__}"], cache / "litert")
    emulator = prepare_emulator(cache, Pins("", ""), cpu, wheels)
    *player, python = emulator.python
    return of_litert(counter, player, Path(python), path, emulator.environment)


def _cache(folder: Path) -> Path:
    return Path(os.environ.get("GATEWEAVE_EMULATOR_CACHE", folder / "emulator"))


def _onnxruntime(counter: Path, source: Source, folder: Path, cpu: str) -> dict[str, int]:
    """Of ONNX Runtime's exact graphs of the same integers, by the C runner."""
    board = load_board("raspberrypi4")
    assert isinstance(board, OrtBoard)
    pins = Pins(board.runtime.onnxruntime, np.__version__)
    emulator, told = prepare_emulator(_cache(folder), pins, cpu), {}
    runner, library = build_runner("aarch64", folder / "runner"), find_library(emulator.site)
    for name, make in whole_makers(source, GraphSettings(17)).items():
        if name not in _GRAPHS:
            continue
        model = make()
        onnx.save(model, folder / f"{name}.onnx")
        x = model.graph.input[0].type.tensor_type
        shape = [dim.dim_value or 1 for dim in x.shape.dim][1:]
        programs = {}
        for count in (1, 3):
            np.zeros((count, *shape), onnx.helper.tensor_dtype_to_np_dtype(x.elem_type)).tofile(folder / f"{count}.bin")
            words = ["--inputs", str(folder / f"{count}.bin"), "--answers", str(folder / "answers.bin"), "--emulated"]
            programs[count] = [str(runner), "--library", str(library), "--model", str(folder / f"{name}.onnx"), *words]
        player = [_PLAYER, "-cpu", cpu, "-L", str(emulator.root)]
        told[f"ONNX Runtime {board.runtime.onnxruntime}, {name}"] = of_an_inference(counter, player, programs)
    return told
