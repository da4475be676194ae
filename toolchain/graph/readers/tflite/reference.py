"""A TFLite file in LiteRT's reference kernels: what the integer graph must equal on every output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError, ToolError, first_line
from toolchain.graph.readers.source import Arrays


def run_reference(path: Path, feeds: Arrays, keep: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Run a file in LiteRT, in one thread and one vector at a time, by the reference kernels and no delegate.

    Args:
        feeds: for each input, by the file's name, an array of shape (N, *shape without the batch).
        keep: numbers of other tensors to give.

    Returns:
        Each output by the file's name, shape (N, *shape without the batch); and those of `keep` by their numbers.

    Raises:
        ToolError: LiteRT cannot be imported.
        ModelError: LiteRT does not take the file, or the inputs.
    """
    interpreter = _interpreter(path, bool(keep))
    try:
        interpreter.allocate_tensors()
        return _run(interpreter, feeds, keep)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: LiteRT does not run it: {first_line(error)}") from error


def _interpreter(path: Path, whole: bool) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise ToolError(f"LiteRT cannot be imported ({first_line(error)}); `pip install ai-edge-litert`") from error
    try:
        return Interpreter(
            model_path=str(path),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=whole,
            num_threads=1,
        )
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: LiteRT does not take it: {first_line(error)}") from error


def _run(interpreter: Any, feeds: Arrays, keep: Sequence[str]) -> dict[str, NDArray[Any]]:
    inputs = interpreter.get_input_details()
    wanted = {**{str(d["name"]): d["index"] for d in interpreter.get_output_details()}, **{k: int(k) for k in keep}}
    rows = len(next(iter(feeds.values())))
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in wanted}
    for row in range(rows):
        for detail in inputs:
            value = np.asarray(feeds[detail["name"]][row], detail["dtype"])
            interpreter.set_tensor(detail["index"], value.reshape(detail["shape"]))
        interpreter.invoke()
        for name, index in wanted.items():
            found[name].append(interpreter.get_tensor(index))
    return {name: np.stack([_without_batch(v) for v in values]) for name, values in found.items()}


def _without_batch(value: NDArray[Any]) -> NDArray[Any]:
    return value[0] if value.ndim > 1 else value
