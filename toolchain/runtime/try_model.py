"""The child that tries a model nobody vouches for: ``python -m toolchain.runtime.try_model FILE MEMORY``.

Its parent has put limits on it. The last line on stdout is ``ok``, or what is wrong, with exit status 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx

from toolchain.errors import ModelError
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.runtime.inspect_model import Limits, check_size
from toolchain.runtime.load import read_model
from toolchain.runtime.session import RunOptions, input_type, open_session


def main(arguments: list[str]) -> int:
    """Parse, check, infer shapes and run the model once on zeros."""
    try:
        limits = Limits(memory_bytes=int(arguments[1]))
        model = read_model(Path(arguments[0]), limits)
        _check_shapes(model, limits)
        _run(_plain(model))
    except ModelError as error:
        print(str(error).splitlines()[0])
        return 1
    except MemoryError:
        print(f"asks for more than {int(arguments[1]) >> 30} GiB of memory")
        return 1
    print("ok")
    return 0


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """What ONNX Runtime runs: QONNX's quantisers become float operators."""
    if not is_qonnx(model):
        return model
    # qonnx takes a while to import.
    from toolchain.runtime.lower import lower, tidy

    return lower(tidy(model), 17)


def _check_shapes(model: onnx.ModelProto, limits: Limits) -> None:
    """Tensors inside the model, as far as their shapes can be known, are no larger than allowed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    try:
        inferred = onnx.shape_inference.infer_shapes(copy, data_prop=True)
    except Exception as error:  # onnx raises classes of its own, and plain RuntimeError.
        raise ModelError(f"its shapes contradict each other: {str(error).strip().splitlines()[0]}") from error
    for value in inferred.graph.value_info:
        sizes = [d.dim_value if d.HasField("dim_value") else 1 for d in value.type.tensor_type.shape.dim]
        check_size(value.name, sizes, limits)


def _run(model: onnx.ModelProto) -> None:
    # Optimiser passes may break a valid model; which ones do is found where it is proved.
    session = open_session(model, RunOptions("none"))
    kind, source = input_type(session), session.get_inputs()[0]
    shape = [size if isinstance(size, int) and size > 0 else 1 for size in source.shape]
    try:
        session.run(None, {source.name: np.zeros(shape, kind)})
    except Exception as error:  # As in `open_session`.
        raise ModelError(f"does not run on zeros: {str(error).strip().splitlines()[0]}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
