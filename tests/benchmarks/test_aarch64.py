"""Instructions of MLPerf Tiny's networks on emulated aarch64: our C beside LiteRT's XNNPACK and ONNX Runtime.

Run with ``make bench``. qemu's user mode logs each block of instructions that it runs; what three inferences take more
than one is two inferences, without what starting takes. Instructions are no time. LiteRT comes with a Python around it:
of its program only the code of its library, and of C's, is logged. ONNX Runtime's start alone is some 240 million
instructions, which takes minutes a count: its exact graphs are counted of keyword spotting, or of the networks that
`GATEWEAVE_BENCH_ONNX` names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.benchmarks.test_kernels import NETWORKS
from toolchain.board import OrtBoard
from toolchain.catalog import load_board
from toolchain.errors import ToolError
from toolchain.graph.readers.source import Source
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import ROWS, write_sources
from toolchain.kernels.generate import CSource, c_source
from toolchain.runtime.binaries import build_runner, find_library
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.sysroot import Pins, download_wheels, prepare_emulator

_ARM, _PLAYER = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
_LEVELS = {"armv8-a": "cortex-a72", "armv8.2-a+dotprod": "cortex-a76"}
"""The processor that is played for each level of the compiler's: those of Raspberry Pi 4 and 5."""

_LITERT = f"ai-edge-litert=={version('ai-edge-litert')}"
_COUNTED = ("libpywrap_litert_common", "libc.so", "libm.so")
"""Libraries that an inference by LiteRT runs."""

_ONNX = os.environ.get("GATEWEAVE_BENCH_ONNX", "kws_ref_model").split(",")
_GRAPHS = ("fp32", "qcdq")


@pytest.mark.skipif(not all(map(shutil.which, (_ARM, _PLAYER))), reason=f"no {_ARM} or no {_PLAYER}")
@pytest.mark.parametrize("level", _LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_instructions_on_aarch64(name: str, level: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tflite" / "mlperf-tiny" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    counter, cpu = tmp_path / "count", _LEVELS[level]
    subprocess.run(["gcc", "-O2", "-o", counter, Path(__file__).with_name("count_instructions.c")], check=True)
    source = open_network(path).source
    ours = _of_an_inference(counter, [_PLAYER, "-cpu", cpu], _ours(c_source(source.graph, ROWS), tmp_path, level))
    told = {"C": ours, **(_onnxruntime(counter, source, tmp_path, cpu) if name in _ONNX else {})}
    try:
        told[f"LiteRT ({_LITERT}), XNNPACK"] = _litert(counter, path, tmp_path, cpu)
    except ToolError as error:
        pytest.skip(f"without LiteRT: {error}")
    finally:
        print(f"{name}, {level}, emulated: {', '.join(f'{k} {v:,} ({v / ours:.2f})' for k, v in told.items())}")
    assert min(told.values()) == ours


def _of_an_inference(
    counter: Path,
    player: Sequence[str],
    programs: Mapping[int, Sequence[str]],
    environment: Mapping[str, str] = {"LANG": "C.UTF-8"},
) -> int:
    """Of two programs that differ by two inferences."""
    counts = []
    for words in programs.values():
        fifo = counter.with_name("log")
        fifo.unlink(missing_ok=True)
        os.mkfifo(fifo)
        with subprocess.Popen(f"{counter} < {fifo}", shell=True, stdout=subprocess.PIPE, text=True) as reader:
            log = ["-d", "in_asm,exec,nochain", "-D", str(fifo)]
            subprocess.run([*player, *log, *words], check=True, stdout=subprocess.DEVNULL, env=environment)
            assert reader.stdout
            counts.append(int(reader.stdout.read()))
    one, three = counts
    return (three - one) // 2


def _ours(made: CSource, folder: Path, level: str) -> Mapping[int, Sequence[str]]:
    tensors = "".join(f"static {c_type(t.dtype)} {t.c_name}[{t.macro}];\n" for t in made.tensors)
    given = ", ".join(f"{t.c_name}, {t.macro}" for t in made.tensors)
    write_sources(made, folder)
    (folder / "main.c").write_text(
        f'#include "model.h"\n{tensors}static int64_t work[MODEL_WORK_BYTES / 8 + 1];\n'
        "int main(int words, char **word)\n{\n    (void)word;\n"
        f"    while (--words)\n        if (model_run({given}, work, sizeof work))\n            return 1;\n"
        "    return 0;\n}\n"
    )
    program = folder / "ours"
    flags = ["-O3", "-std=c99", f"-march={level}", "-static"]
    subprocess.run([_ARM, *flags, "-o", program, "main.c", "model.c"], cwd=folder, check=True)
    return {count: [str(program), *["again"] * count] for count in (1, 3)}


def _litert(counter: Path, path: Path, folder: Path, cpu: str) -> int:
    """Of LiteRT's interpreter, as its Python package has it, on one thread."""
    cache = _cache(folder)
    wheels = download_wheels([_LITERT, f"numpy=={np.__version__}"], cache / "litert")
    emulator = prepare_emulator(cache, Pins("", ""), cpu, wheels)
    program = [*emulator.python[-1:], str(Path(__file__).with_name("litert_invoke.py")), str(path)]
    environment = {**emulator.environment, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    player = emulator.python[:-1]
    maps = subprocess.run(
        [*player, *program, "1", "maps"], check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout
    code = [line.split()[0].split("-") for line in maps.splitlines() if " r-xp " in line and _is_counted(line)]
    player += ["-dfilter", ",".join(f"0x{first}..0x{end}" for first, end in code)]
    return _of_an_inference(counter, player, {count: [*program, str(count)] for count in (1, 3)}, environment)


def _is_counted(mapping: str) -> bool:
    return any(Path(mapping.split()[-1]).name.startswith(name) for name in _COUNTED)


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
        told[f"ONNX Runtime {board.runtime.onnxruntime}, {name}"] = _of_an_inference(counter, player, programs)
    return told
