"""Any ONNX or QONNX file becomes the graphs of a board, with vectors and the reference that they are proved against.

The reference of an ONNX model is ONNX Runtime without any optimisation; that of a QONNX model is qonnx's executor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import GateweaveError, ModelError
from toolchain.graph.model_file import run_model
from toolchain.graph.segments import cut
from toolchain.graph.streamline import read_quantiser, streamline
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.calibrate import quantise
from toolchain.runtime.dequantise import dequantise, is_qdq
from toolchain.runtime.free_batch import free_batch
from toolchain.runtime.front import front_integers, integer_graphs
from toolchain.runtime.golden import RANDOM_ROWS, Vectors, input_span, random_vectors, read_vectors
from toolchain.runtime.graphs import VARIANTS, settings_of
from toolchain.runtime.half import half
from toolchain.runtime.load import is_qonnx, load_untrusted
from toolchain.runtime.lower import at_most, lower, tidy, to_opset
from toolchain.runtime.rules import violations
from toolchain.runtime.session import RunOptions, input_type, open_session, run_session

Progress = Callable[[str], None]

INTEGER_VARIANTS = tuple(VARIANTS)

# Elements that the qonnx executor is given at once.
_ELEMENTS = 1 << 21


@dataclass(frozen=True)
class Imported:
    """A third-party model, ready to be proved, timed and packaged.

    Attributes:
        kind: `onnx` (float), `qdq` (came quantised) or `qonnx`.
        graphs: by variant.
        left_out: variants that could not be made, and why.
        vectors: inputs, maybe with true classes.
        reference: outputs of the reference, shape (N, ...).
        judge: name of the reference.
        integers: what the integer network of a streamlined QONNX model says, scaled, shape (N, classes), or None. The
            graphs of `INTEGER_VARIANTS` answer to it: sums of floats in the reference may round, its never do.
    """

    kind: str
    graphs: dict[str, onnx.ModelProto]
    left_out: dict[str, str]
    vectors: Vectors
    reference: NDArray[Any]
    judge: str
    integers: NDArray[Any] | None = None

    @property
    def classifies(self) -> bool:
        """Whether the outputs can be taken for the logits of classes: one row of fewer numbers than the input has."""
        return self.reference.ndim == 2 and 1 < self.reference.shape[1] < int(np.prod(self.vectors.x.shape[1:]))

    def accuracy(self, outputs: NDArray[Any]) -> float | None:
        """Share of outputs, shape (N, classes), whose first greatest is the true class; None without true classes."""
        if self.vectors.truth is None or not self.classifies:
            return None
        return float((outputs.reshape(len(outputs), -1).argmax(axis=1) == self.vectors.truth).mean())


@dataclass
class _Shelf:
    """Graphs as they are made, and why some are not."""

    graphs: dict[str, onnx.ModelProto] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, make: Callable[[], onnx.ModelProto]) -> None:
        try:
            self.graphs[name] = make()
        except ModelError as error:
            self.left_out[name] = str(error)


def import_model(
    path: Path,
    calibration: Path | None = None,
    settings: GraphSettings | None = None,
    *,
    progress: Progress = lambda text: None,
) -> Imported:
    """Read a file and make all graphs of it that can be made.

    Args:
        calibration: npz with `x`, shape (N, ...), and maybe `y`, shape (N,): what post-training int8 is calibrated on,
            and what the graphs are proved on. Without it random vectors are used, and there is no post-training int8.
        settings: the opset is an upper bound; a batch keeps the model's own, none opens it where that can be done.

    Raises:
        ModelError: the model cannot be used; names the file.
        DataError: the calibration file cannot be used; names it.
    """
    settings = settings or GraphSettings()
    progress("trying the model in a process of its own")
    model = load_untrusted(path)
    try:
        if is_qonnx(model):
            return _qonnx(model, calibration, settings, progress)
        return _onnx(model, calibration, settings, progress)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _onnx(
    model: onnx.ModelProto, calibration: Path | None, settings: GraphSettings, progress: Progress
) -> Imported:
    model = free_batch(model) if settings.batch is None else model
    session = open_session(model, RunOptions("none"))
    kind, shape = input_type(session), _row(session.get_inputs()[0].shape)
    if calibration:
        vectors = read_vectors(calibration, shape, kind)
    else:
        vectors = random_vectors(shape, kind, input_span(model), _rows(shape))
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    reference = run_session(session, vectors.x)
    shelf = _Shelf()
    given, tensorrt = at_most(model, settings.opset), settings.tensorrt
    older = settings_of("tensorrt", settings).opset
    progress("making the graphs")
    if is_qdq(model):
        shelf.graphs["qdq"] = given
        shelf.add("fp32", lambda: dequantise(given))
        shelf.add("fp16", lambda: half(dequantise(given)))
        shelf.add("tensorrt", lambda: _for_tensorrt(at_most(model, older), tensorrt))
        return Imported("qdq", shelf.graphs, shelf.left_out, vectors, reference, _BARE)
    shelf.graphs["fp32"] = given
    shelf.add("fp16", lambda: half(given))
    if calibration:
        shelf.add("int8", lambda: quantise(to_opset(model, settings.opset), vectors.x, "cpu"))
        shelf.add("tensorrt", lambda: _for_tensorrt(quantise(to_opset(model, older), vectors.x, "tensorrt"), tensorrt))
    else:
        shelf.left_out["int8"] = shelf.left_out["tensorrt"] = "no data to calibrate on: give CALIBRATION=file.npz"
    return Imported("onnx", shelf.graphs, shelf.left_out, vectors, reference, _BARE)


_BARE = "ONNX Runtime without optimisations"
_EXECUTOR = "the qonnx executor"


def _row(shape: list[Any]) -> tuple[int, ...]:
    """Shape of one row of an input: sizes that are open become 1."""
    return tuple(size if isinstance(size, int) and size > 0 else 1 for size in shape[1:])


def _for_tensorrt(model: onnx.ModelProto, tensorrt: str) -> onnx.ModelProto:
    """The model itself where it keeps TensorRT's rules.

    Raises:
        ModelError: it breaks one; the message names the first and counts all.
    """
    refused = [found for found in violations(model, tensorrt) if found.kind == "refused"]
    if refused:
        first = refused[0]
        raise ModelError(
            f"TensorRT {tensorrt} refuses it: {first.where}: {first.message} ({first.rule}; {len(refused)} in all)"
        )
    return model


def _qonnx(
    model: onnx.ModelProto, calibration: Path | None, settings: GraphSettings, progress: Progress
) -> Imported:
    wrapper = tidy(model)
    shape = tuple(int(size) for size in wrapper.get_tensor_shape(wrapper.graph.input[0].name)[1:])
    vectors = read_vectors(calibration, shape, np.float32) if calibration else _random(wrapper, shape)
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    reference = _execute(wrapper, vectors.x)
    progress("making the graphs")
    shelf, integers = _Shelf({"lowered": _lowered(wrapper, settings)}), None
    try:
        network = streamline(wrapper)
        shelf.graphs.update(integer_graphs(wrapper, network, settings))
        sums = network.run(front_integers(wrapper, network, vectors.x, settings.opset)).logits
        integers = (sums * network.logit_scale + network.logit_offset).astype(np.float32)
    except ModelError as error:
        shelf.left_out.update(dict.fromkeys(INTEGER_VARIANTS, str(error)))
    return Imported("qonnx", shelf.graphs, shelf.left_out, vectors, reference, _EXECUTOR, integers)


def _lowered(wrapper: ModelWrapper, settings: GraphSettings) -> onnx.ModelProto:
    model = lower(wrapper, settings.opset)
    return free_batch(model) if settings.batch is None else model


def _random(wrapper: ModelWrapper, shape: tuple[int, ...]) -> Vectors:
    """Random vectors that suit the annotated type of the input, few where they are large."""
    annotated = wrapper.get_tensor_datatype(wrapper.graph.input[0].name)
    if not annotated.is_integer():
        return random_vectors(shape, np.float32, _quantised_span(wrapper), _rows(shape))
    vectors = random_vectors(shape, np.float32, (float(annotated.min()), float(annotated.max())), _rows(shape))
    return Vectors(np.rint(vectors.x), None, vectors.kind)


def _quantised_span(wrapper: ModelWrapper) -> tuple[float, float]:
    """Range of the quantiser that the input goes to; 0 to 1 where it goes elsewhere."""
    try:
        node = cut(wrapper)[0].chain[0]
        quantiser = read_quantiser(wrapper, node if node.op_type == "Quant" else None, "input")
    except (ModelError, IndexError):
        return 0.0, 1.0
    return quantiser.scale * quantiser.least, quantiser.scale * (quantiser.least + quantiser.levels)


def _rows(shape: tuple[int, ...]) -> int:
    """Random vectors: fewer where they are large."""
    return max(16, min(RANDOM_ROWS, 2 * _ELEMENTS // max(1, int(np.prod(shape)))))


def _execute(wrapper: ModelWrapper, x: NDArray[Any]) -> NDArray[Any]:
    batch = max(1, min(500, len(x), _ELEMENTS // max(1, int(np.prod(x.shape[1:])))))
    try:
        return run_model(wrapper, x, batch=batch)[""]
    except GateweaveError:
        raise
    except Exception as error:  # qonnx raises plain Exception, and whatever its nodes raise.
        message = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"the qonnx executor fails on it: {message}") from error
