"""Opening a model in ONNX Runtime with options that can be written down and shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words
from toolchain.results.options import RunOptions
from toolchain.runtime.operator_library import library_of
from toolchain.runtime.rows import Rows, joined, parts_of

CPU = "CPUExecutionProvider"

_LEVELS = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}

_TYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}

# Only faults reach the log; ONNX Runtime's warnings are about optimisations it could not make.
_FATAL = 4


def open_session(
    model: onnx.ModelProto | bytes,
    options: RunOptions | None = None,
    *,
    threads: int = 1,
    providers: Sequence[str] = (CPU,),
) -> onnxruntime.InferenceSession:
    """A session on exactly these providers.

    Raises:
        ModelError: ONNX Runtime refuses the model; says which operator where it tells.
    """
    options = options or RunOptions()
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = _LEVELS[options.level]
    settings.intra_op_num_threads = settings.inter_op_num_threads = threads
    settings.log_severity_level = _FATAL
    for entry in options.entries:
        settings.add_session_config_entry(*entry.split("=", 1))
    if isinstance(model, onnx.ModelProto) and (library := library_of(model)):
        settings.register_custom_ops_library(str(library))
    raw = model if isinstance(model, bytes) else model.SerializeToString(deterministic=True)
    try:
        return onnxruntime.InferenceSession(
            raw, settings, providers=list(providers), disabled_optimizers=set(options.disabled)
        )
    except Exception as error:  # The binding raises a class of its own for every status, some of them bare.
        raise ModelError(f"ONNX Runtime {onnxruntime.__version__} refuses the model: {in_our_words(error)}") from error


def input_types(session: onnxruntime.InferenceSession) -> dict[str, type[np.generic]]:
    """Element types of a session's inputs, by name.

    Raises:
        ModelError: one is of a type that no vectors can be given in.
    """
    for source in session.get_inputs():
        if source.type not in _TYPES:
            raise ModelError(f"input {source.name} is a {source.type}; should be one of {', '.join(_TYPES)}")
    return {source.name: _TYPES[source.type] for source in session.get_inputs()}


def fixed_batch(session: onnxruntime.InferenceSession) -> int | None:
    """Size of the first axis of a session's inputs; None where it is open.

    Raises:
        ModelError: inputs have first axes of different sizes.
    """
    sizes = {source.name: source.shape[0] for source in session.get_inputs() if source.shape}
    fixed = {size for size in sizes.values() if isinstance(size, int)}
    if len(fixed) > 1:
        told = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        raise ModelError(f"the first axes of its inputs differ ({told}); they should be one batch")
    return next(iter(fixed), None)


def run_session(session: onnxruntime.InferenceSession, x: Rows, batch: int = 4096) -> Rows:
    """All outputs for inputs of shape (N, ...), concatenated to shape (N, ...); see `toolchain.runtime.rows`.

    A model of a fixed batch is fed as many rows at once as it takes; the last batch is padded.

    Raises:
        ModelError: the model fails on them; says which operator where ONNX Runtime tells.
    """
    names, rows = [output.name for output in session.get_outputs()], fixed_batch(session)
    parts = []
    try:
        for block, count in _blocks(x, rows or batch, padded=rows is not None):
            found = session.run(names, fed(session, block))
            parts.append(joined({name: values[:count] for name, values in zip(names, found, strict=True)}))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"ONNX Runtime {onnxruntime.__version__} fails on the model: {in_our_words(error)}") from error
    return np.concatenate(parts)


def fed(session: onnxruntime.InferenceSession, block: Rows) -> dict[str, NDArray[Any]]:
    """Rows as a session takes them, by the names of its inputs.

    Raises:
        ModelError: an input is of a type that no vectors can be given in.
    """
    kinds, sources = input_types(session), session.get_inputs()
    given = parts_of(block, [source.name for source in sources])
    return {source.name: _shaped(given[source.name], source.shape, kinds[source.name]) for source in sources}


def _shaped(block: NDArray[Any], shape: Sequence[Any], kind: type[np.generic]) -> NDArray[Any]:
    """Rows in the shape and type that an input takes."""
    tail = [d if isinstance(d, int) else n for d, n in zip(shape[1:], block.shape[1:], strict=False)]
    return np.ascontiguousarray(block.reshape(-1, *tail) if tail else block, dtype=kind)


def _blocks(x: Rows, size: int, *, padded: bool) -> Iterator[tuple[Rows, int]]:
    for start in range(0, len(x), size):
        block = x[start : start + size]
        count = len(block)
        if padded and count < size:
            block = np.concatenate([block, np.zeros((size - count, *block.shape[1:]), block.dtype)])
        yield block, count
