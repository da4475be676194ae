"""Any ONNX or QONNX file becomes the graphs of a board, with vectors and the reference that they are proved against.

The reference of an ONNX model is ONNX Runtime without any optimisation; that of a QONNX model is qonnx's executor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import GateweaveError, ModelError
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.lower import lower, qonnx_opset, tidy
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.graph.segments import CODING, cut
from toolchain.graph.streamline import read_quantiser, streamline
from toolchain.layout import OutputKind
from toolchain.progress import Progress
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.calibrate import PER_CHANNEL, quantise
from toolchain.runtime.calibration_file import read_vectors
from toolchain.runtime.convert import within as within_opsets
from toolchain.runtime.dequantise import dequantise, is_qdq
from toolchain.runtime.executor import ELEMENTS, execute
from toolchain.runtime.free_batch import inner_sizes, one_input, settle_batch
from toolchain.runtime.front import answers_of, integer_graphs, integer_scores, until_scores
from toolchain.runtime.graphs import VARIANTS, settings_of
from toolchain.runtime.half import half
from toolchain.runtime.integer_proof import must_be_the_model
from toolchain.runtime.load import load_untrusted
from toolchain.runtime.meaning import VALUES, Meaning, accuracy, meaning_of, remarks
from toolchain.runtime.proof_vectors import RANDOM_ROWS, Vectors, random_vectors
from toolchain.runtime.repeat import ROWS as REPEATED
from toolchain.runtime.repeat import must_repeat
from toolchain.runtime.rules import violations
from toolchain.runtime.session import RunOptions, input_type, open_session, run_session
from toolchain.runtime.shelf import Shelf
from toolchain.runtime.span import UNIT, Span, annotated_span, input_span

INTEGER_VARIANTS = tuple(VARIANTS)


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
        meaning: what the outputs are.
        notices: what the person should know of the model.
    """

    kind: str
    graphs: dict[str, onnx.ModelProto]
    left_out: dict[str, str]
    vectors: Vectors
    reference: NDArray[Any]
    judge: str
    integers: NDArray[Any] | None = None
    meaning: Meaning = VALUES
    notices: tuple[str, ...] = ()

    @property
    def classifies(self) -> bool:
        """Whether the outputs are proved as scores of classes, by their labels."""
        return self.meaning.kind == "classes"

    def accuracy(self, outputs: NDArray[Any]) -> float | None:
        """Share of outputs, shape (N, classes), whose first greatest is the true class; None without true classes."""
        if self.vectors.truth is None or not self.classifies:
            return None
        return accuracy(outputs, self.vectors.truth)


def import_model(
    path: Path,
    calibration: Path | None = None,
    settings: GraphSettings | None = None,
    *,
    outputs: OutputKind | None = None,
    progress: Progress = lambda text: None,
) -> Imported:
    """Read a file and make all graphs of it that can be made.

    Args:
        calibration: npz with `x`, shape (N, ...), and maybe `y`, shape (N,): what post-training int8 is calibrated on,
            and what the graphs are proved on. Without it random vectors are used, and there is no post-training int8.
        settings: the opset is an upper bound; a batch keeps the model's own, none opens it where that can be done.
        outputs: what the person says that the outputs are.

    Raises:
        ModelError: the model cannot be used; names the file.
        DataError: the calibration file cannot be used; names it.
    """
    settings = settings or GraphSettings()
    progress("trying the model in a process of its own")
    model = load_untrusted(path)
    try:
        if is_qonnx(model):
            return _qonnx(model, calibration, settings, outputs, progress)
        return _onnx(model, calibration, settings, outputs, progress)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _onnx(
    model: onnx.ModelProto,
    calibration: Path | None,
    settings: GraphSettings,
    wish: OutputKind | None,
    progress: Progress,
) -> Imported:
    model, sizes = inner_sizes(model)
    model, whole = one_input(model)
    session = open_session(model, RunOptions("none"))
    kind, shape = input_type(session), tuple(session.get_inputs()[0].shape[1:])
    if calibration:
        vectors = read_vectors(calibration, shape, kind)
    else:
        vectors = random_vectors(shape, kind, input_span(model), _rows(shape))
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    reference = run_session(session, vectors.x, 1)
    must_repeat(model, reference[:REPEATED], run_session(session, vectors.x[:REPEATED], 1))
    batch = ""
    if settings.batch is None:
        model, batch = settle_batch(model, vectors.x, reference)
    meaning = meaning_of(model, reference, vectors.truth, wish)
    notices = tuple(filter(None, (sizes, whole, batch, *remarks(meaning, reference))))
    shelf = Shelf(vectors.x, reference)
    older, tensorrt = settings_of("tensorrt", settings).opset, settings.tensorrt

    def within(most: int, least: int = 0) -> onnx.ModelProto:
        return within_opsets(model, least, most, vectors.x, reference)

    given = within(settings.opset)
    progress("making the graphs")
    if is_qdq(model):
        shelf.graphs["qdq"] = given
        shelf.add("fp32", lambda: dequantise(given))
        shelf.add("fp16", lambda: half(dequantise(given)))
        shelf.add("tensorrt", lambda: _for_tensorrt(within(older), tensorrt))
        return Imported(
            "qdq", shelf.graphs, shelf.left_out, vectors, reference, _BARE, meaning=meaning, notices=notices
        )
    shelf.graphs["fp32"] = given
    shelf.add("fp16", lambda: half(given))
    if calibration:
        shelf.add("int8", lambda: quantise(within(settings.opset, PER_CHANNEL), vectors.x, "cpu"))
        shelf.add(
            "tensorrt", lambda: _for_tensorrt(quantise(within(older, PER_CHANNEL), vectors.x, "tensorrt"), tensorrt)
        )
    else:
        shelf.left_out["int8"] = shelf.left_out["tensorrt"] = "no data to calibrate on: give CALIBRATION=file.npz"
    return Imported("onnx", shelf.graphs, shelf.left_out, vectors, reference, _BARE, meaning=meaning, notices=notices)


_BARE = "ONNX Runtime without optimisations"
_EXECUTOR = "the qonnx executor"


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
    model: onnx.ModelProto,
    calibration: Path | None,
    settings: GraphSettings,
    wish: OutputKind | None,
    progress: Progress,
) -> Imported:
    wrapper = tidy(model)
    shape = tuple(int(size) for size in wrapper.get_tensor_shape(wrapper.graph.input[0].name)[1:])
    annotated = annotated_span(wrapper.get_tensor_datatype(wrapper.graph.input[0].name).name)
    if calibration:
        vectors = read_vectors(calibration, shape, np.float32, annotated)
    else:
        vectors = random_vectors(shape, np.float32, annotated or _quantised_span(wrapper), _rows(shape))
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    lowered = lower(wrapper, qonnx_opset(model, settings.opset))
    reference = execute(wrapper, vectors.x, lowered)
    progress("making the graphs")
    if settings.batch is None:
        lowered, _ = settle_batch(lowered, vectors.x, reference)
    shelf, integers = Shelf(vectors.x, reference, {"lowered": lowered}), None
    rounded = ties = ""
    # What the integer networks of ours are made for, unless the model is newer.
    cores = replace(settings, opset=qonnx_opset(model, settings.opset, least=GraphSettings().opset))
    try:
        network = _streamlined(wrapper)
        scores, whole = integer_scores(wrapper, network, vectors.x, cores.opset), until_scores(wrapper, lowered)
        if whole is None:
            rounded = must_be_the_model(scores, reference, lowered, vectors.x)
        else:
            given = run_session(open_session(whole, RunOptions("none")), vectors.x, 1)
            rounded = must_be_the_model(scores, given, whole, vectors.x)
        integers = answers_of(wrapper, scores, cores.opset)
        ties = _ties(integers, reference)
        for name, make in integer_graphs(wrapper, network, cores).items():
            shelf.add(name, make)
    except ModelError as error:
        shelf.left_out.update(dict.fromkeys(INTEGER_VARIANTS, str(error)))
        integers = None
    meaning = meaning_of(wrapper.model, reference, vectors.truth, wish)
    notices = (*filter(None, [rounded, ties]), *remarks(meaning, reference))
    return Imported("qonnx", shelf.graphs, shelf.left_out, vectors, reference, _EXECUTOR, integers, meaning, notices)


def _ties(integers: NDArray[Any], reference: NDArray[Any]) -> str:
    """What the person should know of labels that differ though the scores behind them do not."""
    apart = int((integers != reference).sum()) if reference.dtype.kind in "iu" else 0
    if not apart:
        return ""
    return (
        f"to {apart:,} of {len(reference):,} vectors the label is decided by float32 rounding between equal scores; "
        "the integer graphs take the first of them"
    )


def _streamlined(wrapper: ModelWrapper) -> DenseNetwork:
    try:
        return streamline(wrapper)
    except GateweaveError:
        raise
    except Exception as error:  # The executor raises plain Exception, and whatever a hostile graph provokes.
        line = (str(error).strip().splitlines() or ["no message"])[0]
        raise ModelError(f"it does not streamline: {type(error).__name__}: {line}") from error


def _quantised_span(wrapper: ModelWrapper) -> Span:
    """Range of the quantiser that the input goes to; 0 to 1 where it goes elsewhere."""
    try:
        node = cut(wrapper)[0].chain[0]
        quantiser = read_quantiser(wrapper, node if node.op_type in CODING else None, "input")
    except (ModelError, IndexError):
        return UNIT
    greatest = quantiser.least + quantiser.step * quantiser.levels
    return Span(quantiser.scale * quantiser.least, quantiser.scale * greatest)


def _rows(shape: tuple[int, ...]) -> int:
    """Random vectors: fewer where they are large."""
    return max(16, min(RANDOM_ROWS, 2 * ELEMENTS // max(1, int(np.prod(shape)))))
