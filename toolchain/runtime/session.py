"""Opening a model in ONNX Runtime with options that can be written down and shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words
from toolchain.listed import some

CPU = "CPUExecutionProvider"

# Vectors that a package's runners are given at once: one for latency and in the self-test, so many for throughput.
THROUGHPUT_BATCH = 64
BATCHES = (1, THROUGHPUT_BATCH)

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


@dataclass(frozen=True)
class RunOptions:
    """What a session must be opened with so that the answers hold.

    Attributes:
        level: graph optimisations: `all`, `extended`, `basic` or `none`.
        disabled: optimiser passes by ONNX Runtime's names.
        entries: of the session's configuration, each as KEY=VALUE.
    """

    level: str = "all"
    disabled: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in _LEVELS:
            raise ModelError(f"optimisation level {self.level!r}: should be one of {', '.join(_LEVELS)}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "disabled": list(self.disabled), "entries": list(self.entries)}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> RunOptions:
        """What `to_json` wrote."""
        return RunOptions(str(raw["level"]), tuple(raw["disabled"]), tuple(raw.get("entries", ())))


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
    raw = model if isinstance(model, bytes) else model.SerializeToString(deterministic=True)
    try:
        return onnxruntime.InferenceSession(
            raw, settings, providers=list(providers), disabled_optimizers=set(options.disabled)
        )
    except Exception as error:  # The binding raises a class of its own for every status, some of them bare.
        raise ModelError(f"ONNX Runtime {onnxruntime.__version__} refuses the model: {in_our_words(error)}") from error


def input_type(session: onnxruntime.InferenceSession) -> type[np.generic]:
    """Element type of a session's one input.

    Raises:
        ModelError: it has several inputs, or one of a type that no vectors can be given in.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = some(value.name for value in inputs)
        raise ModelError(f"the model has {len(inputs)} inputs ({names}); models of one input are supported")
    kind = inputs[0].type
    if kind not in _TYPES:
        raise ModelError(f"input {inputs[0].name} is a {kind}; should be one of {', '.join(_TYPES)}")
    return _TYPES[kind]


def fixed_batch(session: onnxruntime.InferenceSession) -> int | None:
    """Size of the first axis of a session's input; None where it is open."""
    shape = session.get_inputs()[0].shape
    return shape[0] if shape and isinstance(shape[0], int) else None


def run_session(session: onnxruntime.InferenceSession, x: NDArray[np.generic], batch: int = 4096) -> NDArray[Any]:
    """First output for inputs of shape (N, ...), concatenated to shape (N, ...).

    A model of a fixed batch is fed as many rows at once as it takes; the last batch is padded.

    Raises:
        ModelError: the model fails on them; says which operator where ONNX Runtime tells.
    """
    kind, source, sink = input_type(session), session.get_inputs()[0], session.get_outputs()[0].name
    rows = fixed_batch(session)
    tail = [d if isinstance(d, int) else n for d, n in zip(source.shape[1:], x.shape[1:], strict=False)]
    parts = []
    try:
        for block, count in _blocks(x, rows or batch, padded=rows is not None):
            fed = np.ascontiguousarray(block.reshape(-1, *tail) if tail else block, dtype=kind)
            parts.append(session.run([sink], {source.name: fed})[0][:count])
    except Exception as error:
        raise ModelError(f"ONNX Runtime {onnxruntime.__version__} fails on the model: {in_our_words(error)}") from error
    return np.concatenate(parts)


def _blocks(x: NDArray[np.generic], size: int, *, padded: bool) -> Iterator[tuple[NDArray[np.generic], int]]:
    for start in range(0, len(x), size):
        block = x[start : start + size]
        count = len(block)
        if padded and count < size:
            block = np.concatenate([block, np.zeros((size - count, *block.shape[1:]), block.dtype)])
        yield block, count
