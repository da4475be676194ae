"""Any network's file becomes the graphs of a board, with vectors and the reference that they are proved against.

The reference of a float ONNX model is ONNX Runtime without any optimisation; that of a quantised one its integer
kernels; that of a QONNX model is qonnx's executor; that of a TFLite file LiteRT's reference kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import onnx
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.file.store import is_graph
from toolchain.graph.lower import lower, qonnx_opset, tidy
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.layout import OutputKind
from toolchain.progress import Progress
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.calibration_file import read_vectors
from toolchain.runtime.convert import within as within_opsets
from toolchain.runtime.dequantise import dequantise, is_qdq
from toolchain.runtime.derive.graphs import settings_of
from toolchain.runtime.executor import execute
from toolchain.runtime.feeds import feeds_of
from toolchain.runtime.free_batch import inner_sizes, one_input, settle_batch
from toolchain.runtime.given_data import Data
from toolchain.runtime.half import half
from toolchain.runtime.import_integers import import_integers
from toolchain.runtime.imported import FILE, INTEGER_VARIANTS, Imported
from toolchain.runtime.load import load_untrusted
from toolchain.runtime.meaning import meaning_of, remarks
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.opening import is_quantised, is_tflite, open_network, open_quantised, qonnx_feeds
from toolchain.runtime.network_file.proof import as_the_model
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.repeat import ROWS as REPEATED
from toolchain.runtime.repeat import must_repeat
from toolchain.runtime.rules import violations
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.shelf import Shelf


def import_model(
    path: Path,
    calibration: Path | None = None,
    settings: GraphSettings | None = None,
    *,
    test: Path | None = None,
    outputs: OutputKind | None = None,
    progress: Progress = lambda text: None,
) -> Imported:
    """Read a file and make all graphs of it that can be made.

    Args:
        calibration: npz with `x`, shape (N, ...), and maybe `y`, shape (N,): what post-training int8 is calibrated on;
            there is none without it.
        test: npz like it, that the graphs are proved on; without it they are on `calibration`, else on random vectors.
        settings: the opset is an upper bound; a batch keeps the model's own, none opens it where that can be done.
        outputs: what the person says that the outputs are.

    Raises:
        ModelError: the model cannot be used; names the file.
        DataError: a file of data cannot be used; names it.
    """
    settings, data = settings or GraphSettings(), Data(test, calibration)
    if is_tflite(path):
        progress("reading the network's integers")
        return import_integers("tflite", open_network(path), data, settings, outputs, progress)
    if is_graph(path):
        return import_integers("integer", open_network(path), data, settings, outputs, progress)
    progress("trying the model in a process of its own")
    model = load_untrusted(path)
    try:
        if is_qonnx(model):
            return _qonnx(model, data, settings, outputs, progress)
        return _onnx(model, data, settings, outputs, progress)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _onnx(
    model: onnx.ModelProto,
    data: Data,
    settings: GraphSettings,
    asked: OutputKind | None,
    progress: Progress,
) -> Imported:
    model, sizes = inner_sizes(model)
    model, whole = one_input(model)
    unread = ""
    if is_quantised(model):
        progress("reading the network's integers")
        try:
            opened = open_quantised(model)
        except ModelError as error:
            unread = f"it cannot be read as integers, so it runs as it is: {error}"
        else:
            told = tuple(filter(None, (sizes, whole)))
            return import_integers("qdq", opened, data, settings, asked, progress, file=model, notices=told)
    session = open_session(model, RunOptions("none"))
    feeds = feeds_of(model, session)
    vectors = data.vectors(feeds, sum(_size(output.shape) for output in session.get_outputs()))
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    reference = run_session(session, vectors.x, 1)
    must_repeat(model, reference[:REPEATED], run_session(session, vectors.x[:REPEATED], 1))
    batch = ""
    if settings.batch is None:
        model, batch = settle_batch(model, vectors.x, reference)
    meaning = meaning_of(model, reference, vectors, asked)
    notices = tuple(filter(None, (unread, sizes, whole, batch, *remarks(meaning, reference))))
    shelf = Shelf(vectors.x, reference)
    older, tensorrt = settings_of("tensorrt", settings).opset, settings.tensorrt

    def within(most: int, least: int = 0) -> onnx.ModelProto:
        return within_opsets(model, least, most, vectors.x, reference)

    given = within(settings.opset)
    progress("making the graphs")
    if is_qdq(model):
        shelf.graphs[FILE] = given
        shelf.add("fp32", lambda: dequantise(given))
        shelf.add("fp16", lambda: half(dequantise(given)))
        shelf.add("tensorrt", lambda: _for_tensorrt(within(older), tensorrt))
        return Imported(
            "qdq", shelf.graphs, shelf.left_out, vectors, reference, _BARE, meaning=meaning, notices=notices
        )
    shelf.graphs["fp32"] = given
    shelf.add("fp16", lambda: half(given))
    if data.calibration:
        x = read_vectors(data.calibration, feeds).x
        # Only here: it loads PyTorch, which takes seconds.
        from toolchain.runtime.calibrate import PER_CHANNEL, quantise

        shelf.add("int8", lambda: quantise(within(settings.opset, PER_CHANNEL), x, "cpu"))
        shelf.add("tensorrt", lambda: _for_tensorrt(quantise(within(older, PER_CHANNEL), x, "tensorrt"), tensorrt))
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


def _answer_size(wrapper: ModelWrapper) -> int:
    """Elements of all outputs of a tidy model for one row."""
    return sum(_size(wrapper.get_tensor_shape(output.name) or []) for output in wrapper.graph.output)


def _size(shape: Sequence[Any]) -> int:
    """Elements behind the first axis; an axis whose size is not known counts as one."""
    return prod(size for size in shape[1:] if isinstance(size, int))


def _qonnx(
    model: onnx.ModelProto,
    data: Data,
    settings: GraphSettings,
    asked: OutputKind | None,
    progress: Progress,
) -> Imported:
    wrapper = tidy(model)
    vectors = data.vectors(qonnx_feeds(wrapper), _answer_size(wrapper))
    progress(f"reference outputs of {len(vectors.x):,} vectors")
    lowered = lower(wrapper, qonnx_opset(model, settings.opset))
    reference = execute(wrapper, vectors.x, lowered)
    progress("making the graphs")
    if settings.batch is None:
        lowered, _ = settle_batch(lowered, vectors.x, reference)
    shelf, integers = Shelf(vectors.x, reference, {"lowered": lowered}), None
    said: list[str] = []
    # What the integer networks of ours are made for, unless the model is newer.
    cores = replace(settings, opset=qonnx_opset(model, settings.opset, least=GraphSettings().opset))
    try:
        source = read_qonnx(wrapper)
        given = integers_of(source, vectors.x)
        integers = outputs_of(source, given, said.append)
        said.append(as_the_model(source, given, reference, integers, lowered, vectors.x))
        for name, make in whole_makers(source, cores).items():
            shelf.add(name, make)
    except ModelError as error:
        shelf.left_out.update(dict.fromkeys(INTEGER_VARIANTS, str(error)))
        integers = None
    meaning = meaning_of(wrapper.model, reference, vectors, asked)
    notices = (*filter(None, said), *remarks(meaning, reference))
    return Imported("qonnx", shelf.graphs, shelf.left_out, vectors, reference, _EXECUTOR, integers, meaning, notices)
