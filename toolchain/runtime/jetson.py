"""What a package for a Jetson holds beyond those of other boards: trtexec as a second opinion on latency.

Flags: NVIDIA, TensorRT command-line programs (trtexec); those of precision went with TensorRT 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolchain.board import Jetson
from toolchain.device.ort.machine import numbers
from toolchain.device.ort.tensorrt import EXPLICIT_QUANTISATION

_PRECISION = {"int8": "--int8", "fp16": "--fp16", "fp32": ""}
_WEAKLY_TYPED = range(EXPLICIT_QUANTISATION[0], 11)


@dataclass(frozen=True)
class TensorRtGraph:
    """A graph that trtexec is to time.

    Attributes:
        file: relative to the package.
        precision: "int8", "fp16" or "fp32".
        inputs: shapes of its inputs, with the batch, by name.
        fixed: whether the file fixes them; trtexec refuses to be told them then.
    """

    file: str
    precision: str
    inputs: Mapping[str, Sequence[int]]
    fixed: bool


def trtexec_arguments(jetson: Jetson, graph: TensorRtGraph) -> list[str]:
    """Words for trtexec: the graph at batch 1, its precision where this TensorRT still wants to be told."""
    words = [f"--onnx={graph.file}"]
    if not graph.fixed:
        shapes = (f"{name}:{'x'.join(map(str, shape))}" for name, shape in graph.inputs.items())
        words.append(f"--shapes={','.join(shapes)}")
    if numbers(jetson.tensorrt)[0] in _WEAKLY_TYPED and _PRECISION[graph.precision]:
        words.append(_PRECISION[graph.precision])
    return [*words, "--warmUp=500", "--duration=5", "--useSpinWait"]


def trtexec_script(jetson: Jetson, graphs: Mapping[str, TensorRtGraph]) -> str:
    """A shell script that times each graph with trtexec, without ONNX Runtime, and keeps what it prints."""
    able = {name: graph for name, graph in graphs.items() if jetson.int8 or graph.precision != "int8"}
    lines = [f'echo "{name}"\ntime_one {name} {" ".join(trtexec_arguments(jetson, g))}' for name, g in able.items()]
    left_out = [f"# {name}: this GPU has no INT8." for name in graphs if name not in able]
    return _SCRIPT.format(runs="\n".join([*left_out, *lines]), jetpack=jetson.jetpack, tensorrt=jetson.tensorrt)


_SCRIPT = """#!/bin/sh
# Times the graphs with TensorRT's own trtexec, to compare with work/selftest.json. Written for JetPack {jetpack} with
# TensorRT {tensorrt}. Compare its "Latency" (with copies to and from the GPU) with a batch-1 p50, not its throughput:
# it keeps one inference queued ahead. Inputs are random; answers are not looked at.
set -eu
cd "$(dirname "$0")"
trtexec=$(command -v trtexec || echo /usr/src/tensorrt/bin/trtexec)
if [ ! -x "$trtexec" ]; then
    echo "error: no trtexec on the PATH nor in /usr/src/tensorrt/bin; install libnvinfer-bin" >&2
    exit 1
fi
mkdir -p work/trtexec

time_one() {{
    name=$1
    shift
    if ! "$trtexec" "$@" > "work/trtexec/$name.txt" 2>&1; then
        echo "error: $name: trtexec failed; see work/trtexec/$name.txt" >&2
        exit 1
    fi
    grep -E "Latency:|GPU Compute Time:" "work/trtexec/$name.txt"
}}

{runs}
"""
