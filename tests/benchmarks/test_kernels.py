"""The C library beside LiteRT with XNNPACK and ONNX Runtime, on one core: ratios of one run.

Run with ``make bench``. Each figure is the least of several rounds, so that what else the machine does hardly counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.benchmarks.c_clock import ROUNDS, SECONDS, clocked
from tests.fast.toolchain.kernels.networks import feeds_of, must_agree
from toolchain.graph.graph import Graph
from toolchain.kernels.compiled import FAST, PORTABLE, CompiledNetwork
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import whole_makers

NETWORKS = ("kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8")


@pytest.mark.parametrize("name", NETWORKS)
def test_mlperf_tiny_beside_its_peers(name: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tflite" / "mlperf-tiny" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    opened = open_network(path)
    graph = opened.source.graph
    (tmp_path / "fast").mkdir()
    network = CompiledNetwork(graph, tmp_path / "fast")
    must_agree(graph, feeds_of(graph, 0, 20), network)
    told = {
        "C": clocked(network.source.tensors, tmp_path / "fast", FAST),
        "C, AVX2": clocked(network.source.tensors, tmp_path / "fast", ("-O3", "-march=x86-64-v3")),
        "C, portable": clocked(network.source.tensors, tmp_path / "fast", (*FAST, PORTABLE)),
        "LiteRT, XNNPACK": _litert(path, graph),
        **_onnxruntime(path, graph),
    }
    figures = ", ".join(f"{what} {us:.1f} us ({us / told['C']:.2f})" for what, us in told.items())
    print(f"{name}, batch 1, one thread: {figures}; {network.source.memory.size:,} bytes of work space")


def _litert(path: Path, graph: Graph) -> float:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    (detail,) = interpreter.get_input_details()
    interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
    return _least(interpreter.invoke)


def _onnxruntime(path: Path, graph: Graph) -> dict[str, float]:
    """Its exact graphs of the same integers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    source, told = open_network(path).source, {}
    for name, make in whole_makers(source, GraphSettings(17)).items():
        session = onnxruntime.InferenceSession(make().SerializeToString(), options, providers=["CPUExecutionProvider"])
        (x,) = session.get_inputs()
        shape = [size if isinstance(size, int) else 1 for size in x.shape]
        feeds = {x.name: np.zeros(shape, np.float32 if "float" in x.type else np.int8)}
        told[f"ONNX Runtime {onnxruntime.__version__}, {name}"] = _least(lambda s=session, f=feeds: s.run(None, f))
    return told


def _least(call: Callable[[], object]) -> float:
    """Microseconds of a call, by the processor's time of this thread and its helpers."""
    least = np.inf
    for _ in range(ROUNDS):
        start, calls = time.process_time(), 0
        while time.process_time() - start < SECONDS:
            call()
            calls += 1
        least = min(least, (time.process_time() - start) / calls * 1e6)
    return float(least)
