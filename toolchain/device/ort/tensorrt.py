"""TensorRT as an execution provider: its options by version, and the key of its engine cache.

Sources: onnxruntime.ai, TensorRT Execution Provider (options; what invalidates a cache; no calibration table beside a
QDQ graph); `tensorrt_execution_provider_info.cc` of each release (an option that a release does not know is an error);
NVIDIA, Migrating from TensorRT 10.x to 11.x (precision flags removed, networks strongly typed).
"""

import hashlib
import json
from typing import Any, Dict, Mapping

from toolchain.errors import ModelError, ToolError

from .machine import numbers

EXPLICIT_QUANTISATION = (8, 0)
"""The first TensorRT that takes Q/DQ nodes."""

_STRONGLY_TYPED = (11,)
_TIMING_CACHE = (1, 15)
_TIMING_CACHE_PATH = (1, 17)

Options = Dict[str, str]


def must_take(precision: str, tensorrt: str, int8: bool) -> None:
    """Refuse what TensorRT cannot run on this GPU.

    Raises:
        ModelError: an INT8 graph where the GPU has no INT8, or TensorRT takes no Q/DQ nodes.
    """
    if precision != "int8":
        return
    if not int8:
        raise ModelError("this GPU has no INT8; use the fp16 or fp32 graph in TensorRT")
    if numbers(tensorrt) < EXPLICIT_QUANTISATION:
        raise ModelError(f"TensorRT {tensorrt} takes no Q/DQ nodes, 8.0 and newer do; use the fp16 or fp32 graph")


def provider_options(precision: str, tensorrt: str, onnxruntime: str, int8: bool, cache: str) -> Options:
    """Options of `TensorrtExecutionProvider`, as the words that its Python and its C interface both take.

    Args:
        precision: of the graph: "int8" (with Q/DQ nodes), "fp16" or "fp32".
        tensorrt: the version installed; onnxruntime: likewise.
        int8: whether the GPU computes in INT8.
        cache: folder for engines and timings.

    Raises:
        ModelError: the graph cannot run in TensorRT here.
    """
    must_take(precision, tensorrt, int8)
    options = {"device_id": "0", "trt_engine_cache_enable": "True", "trt_engine_cache_path": cache}
    if numbers(tensorrt) < _STRONGLY_TYPED:
        options["trt_fp16_enable"] = _word(precision == "fp16")
        options["trt_int8_enable"] = _word(precision == "int8")
    if numbers(onnxruntime) >= _TIMING_CACHE:
        options["trt_timing_cache_enable"] = "True"
    if numbers(onnxruntime) >= _TIMING_CACHE_PATH:
        options["trt_timing_cache_path"] = cache
    return options


def engine_key(model_sha256: str, onnxruntime: str, facts: Mapping[str, Any], precision: str) -> str:
    """Name of the folder for a graph's engines: an engine is good for one graph, runtime, TensorRT and GPU only.

    Args:
        model_sha256: of the graph's file.
        facts: what `machine.jetson` says.

    Raises:
        ToolError: the device does not say which TensorRT or GPU it has, so no engine can be told from another.
    """
    parts = {
        "model": model_sha256,
        "onnxruntime": onnxruntime,
        "tensorrt": facts.get("tensorrt"),
        "gpu": facts.get("soc"),
        "compute_capability": facts.get("compute_capability"),
        "precision": precision,
    }
    unknown = [name for name, value in parts.items() if not value]
    if unknown:
        raise ToolError(f"engine cache: {', '.join(unknown)} of this device unknown; is JetPack installed whole?")
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _word(value: bool) -> str:
    return "True" if value else "False"
