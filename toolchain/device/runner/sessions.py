"""Sessions of ONNX Runtime: opened as a graph needs it, their buffers bound, and calls of them.

It runs alone on a device beside runner.py, with Python 3.6 or newer; hence the quoted annotations.
"""

import argparse
import collections
import ctypes
import os
import platform
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], object]
    Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]

TYPES = {"float": "float32", "double": "float64"}  # ONNX Runtime's names that are not numpy's
LEVELS = {"none": "DISABLE_ALL", "basic": "ENABLE_BASIC", "extended": "ENABLE_EXTENDED", "all": "ENABLE_ALL"}
CPU = "CPUExecutionProvider"
Side = collections.namedtuple("Side", "name dtype row")  # one side of a model; `row` is the shape of one vector
# `given`: thresholds by the names of their inputs
# `decides`: its time depends on the input
# `row`: the numpy type of one vector, or of its answer: all inputs, or outputs, one after the other
Model = collections.namedtuple("Model", "session inputs outputs row answer batch absent given memory decides")
Bound = collections.namedtuple("Bound", "model binding x y memory")  # x, y: arrays of a whole batch by side, bound once


class RunnerError(Exception):
    """What the person who runs this can act on; printed as one line."""


def providers_of(options: argparse.Namespace) -> "tuple[list[tuple[str, dict[str, str]]], list[str]]":
    """Providers with their options in order, and those that are absent.

    Raises:
        RunnerError: a provider is absent and --fallback was not given.
    """
    known, absent = onnxruntime.get_available_providers(), []
    settings: dict[str, dict[str, str]] = {name: {} for name in options.provider if name in known}
    for name in options.provider:
        if name not in known:
            absent.append(refuse(options, name, "not in this ONNX Runtime", known))
    for word in options.provider_option:
        name, _, pair = word.partition(":")
        key, equals, value = pair.partition("=")
        if not equals:
            raise RunnerError(f"--provider-option {word}: NAME:KEY=VALUE is needed")
        settings.get(name, {})[key] = value
    settings.setdefault(CPU, {})
    return list(settings.items()), absent


def refuse(options: argparse.Namespace, name: str, reason: str, known: "list[str]") -> str:
    """The name of an absent provider, if the person said to go on without it."""
    if not options.fallback:
        raise RunnerError(
            "provider {}: {} (it has {}); leave it out, or say --fallback to go on without it".format(
                name, reason, ", ".join(known)
            )
        )
    return name


def session_options(options: argparse.Namespace) -> "onnxruntime.SessionOptions":
    """Sequential execution, `--threads` inside a call, and what the graph needs to give its proved answers."""
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, "ORT_" + LEVELS[options.level])
    for word in options.config:
        key, equals, value = word.partition("=")
        if not equals:
            raise RunnerError(f"--config {word}: KEY=VALUE is needed")
        settings.add_session_config_entry(key, value)
    return settings


def library_beside(path: str) -> "str | None":
    """The library of the network's own operator, "name-x86_64.so" beside "name.onnx", where there is one."""
    library = "{}-{}.so".format(os.path.splitext(path)[0], platform.machine())
    return os.path.abspath(library) if os.path.isfile(library) else None  # a bare name would be looked for elsewhere


def add_operator(settings: "onnxruntime.SessionOptions", path: str, options: argparse.Namespace) -> None:
    """Register the library of the network's own operator, where there is one, with the thresholds asked for.

    Raises:
        RunnerError: it is another network's, or has no such threshold.
    """
    library = library_beside(path)
    if library is None:
        return
    try:
        loaded = ctypes.CDLL(library)
        name = ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(loaded, "gateweave_operator")))
    except (OSError, ValueError) as error:
        raise RunnerError(f"{library}: not the library of a network's operator: {error}") from error
    with open(path, "rb") as stream:
        if name not in stream.read():
            raise RunnerError(
                f"{library}: it holds {name.decode()}, another network than {path}; take both from one package"
            )
    settings.register_custom_ops_library(library)
    set_in_operator(loaded, path, options.threshold)
    set_width_in_operator(loaded, path, options.width)


def set_in_operator(library: ctypes.CDLL, path: str, thresholds: "list[tuple[int, int]]") -> None:
    """Put thresholds where the operator of a network that decides reads them; all sessions of this process do.

    Raises:
        RunnerError: it has no such stage.
    """
    try:
        count = ctypes.c_int32.in_dll(library, "gateweave_thresholds").value
    except ValueError:
        count = 0
    for stage, lead in thresholds:
        must_have_stage(path, stage, count)
        (ctypes.c_int64 * count).in_dll(library, "model_thresholds")[stage - 1] = lead


def set_width_in_operator(library: ctypes.CDLL, path: str, width: "int | None") -> None:
    """Have the operator of a network that runs at several widths run at one of them.

    Raises:
        RunnerError: it has no such width.
    """
    if width is None:
        return
    try:
        count = ctypes.c_int32.in_dll(library, "gateweave_thresholds").value
        known = list((ctypes.c_int32 * count).in_dll(library, "gateweave_widths"))
    except ValueError:
        known = []
    must_have_width(path, width, known)
    (ctypes.c_int64 * count).in_dll(library, "model_thresholds")[:] = [int(narrower < width) for narrower in known]


def must_have_width(path: str, width: int, narrower: "list[int]") -> None:
    """Refuse a width that a model was not trained for.

    Raises:
        RunnerError: naming those that it has; `narrower` are those below 100 percent.
    """
    if not narrower:
        raise RunnerError(f"--width {width}: {path}: it has no widths to choose from")
    if width not in (*narrower, 100):
        known = ", ".join(map(str, (*narrower, 100)))
        raise RunnerError(f"--width {width}: {path}: it was trained for {known} %")


def must_have_stage(path: str, stage: int, count: int) -> None:
    """Refuse a threshold that a model does not have.

    Raises:
        RunnerError: naming those that it has.
    """
    if not 1 <= stage <= count:
        has = f"it has thresholds of stages 1 to {count}" if count else "it decides nothing"
        raise RunnerError(f"--threshold {stage}: {path}: {has}")


def decides(session: "onnxruntime.InferenceSession", path: str) -> bool:
    """Whether the time of a model depends on its input."""
    library = library_beside(path)
    if library is not None:
        return hasattr(ctypes.CDLL(library), "gateweave_thresholds")
    return any(node.name.startswith(("threshold", "width")) for node in session.get_overridable_initializers())


def given_thresholds(session: "onnxruntime.InferenceSession", options: argparse.Namespace) -> "dict[str, Array]":
    """Arrays for those inputs of a session that have a default: the thresholds of a graph that decides."""
    if library_beside(options.model) is not None:
        return {}  # they are in its operator
    known = {node.name: node for node in session.get_overridable_initializers() if node.name.startswith("threshold")}
    given: dict[str, Array] = {}
    for stage, lead in options.threshold:
        must_have_stage(options.model, stage, len(known))
        node = known[f"threshold{stage}"]
        given[node.name] = np.array([lead], describe_type(node))
    return {**given, **given_width(session, options)}


def given_width(session: "onnxruntime.InferenceSession", options: argparse.Namespace) -> "dict[str, Array]":
    """Arrays for those inputs of a session that say whether it is wider than each width."""
    if options.width is None:
        return {}
    nodes = [node for node in session.get_overridable_initializers() if node.name.startswith("width")]
    narrower = {int(node.name[len("width") :]): node for node in nodes}
    must_have_width(options.model, options.width, sorted(narrower))
    return {node.name: np.array([own < options.width], describe_type(node)) for own, node in narrower.items()}


def describe_type(node: "onnxruntime.NodeArg") -> "np.dtype[np.generic]":
    """The numpy type of an input's elements."""
    word = node.type[len("tensor(") : -1]
    kind: np.dtype[np.generic] = np.dtype(TYPES.get(word, word))
    return kind


def describe(node: "onnxruntime.NodeArg") -> Side:
    """Name, numpy type and row shape of an input."""
    for index, size in enumerate(node.shape[1:], 1):
        if not isinstance(size, int) or size <= 0:
            raise RunnerError(f"{node.name}: dimension {index} is not fixed; only the first (the batch) may be free")
    return Side(node.name, describe_type(node), tuple(node.shape[1:]))


def open_session(path: str, options: argparse.Namespace) -> "tuple[onnxruntime.InferenceSession, list[str]]":
    """A session, and the providers that went missing."""
    providers, absent = providers_of(options)
    if not os.path.isfile(path):
        raise RunnerError(f"{path}: no such model, or not readable")
    more = {"disabled_optimizers": options.disable} if options.disable else {}
    settings = session_options(options)
    add_operator(settings, path, options)
    session = onnxruntime.InferenceSession(
        path,
        settings,
        providers=[name for name, _ in providers],
        provider_options=[settings for _, settings in providers],
        **more,
    )
    for name, _ in providers:
        if name not in session.get_providers():
            absent.append(refuse(options, name, "its libraries cannot be loaded", session.get_providers()))
    return session, absent


def open_model(path: str, options: argparse.Namespace) -> Model:
    """A session on a model; its first call tells the outputs' shapes.

    Raises:
        RunnerError: the model cannot be loaded, or is of a shape that this runner cannot feed.
    """
    session, absent = open_session(path, options)
    inputs = session.get_inputs()
    if not inputs or not all(side.shape for side in inputs):
        raise RunnerError(f"{path}: {len(inputs)} inputs; one or more are needed, each of a batch")
    sizes = {side.shape[0] for side in inputs if isinstance(side.shape[0], int) and side.shape[0] > 0}
    if len(sizes) > 1:
        raise RunnerError(
            "{}: inputs of batches of {}; one size is needed".format(path, " and ".join(map(str, sorted(sizes))))
        )
    fixed = next(iter(sizes), None)
    if fixed and options.batch and options.batch != fixed:
        raise RunnerError(f"--batch {options.batch}: the model's batch is fixed at {fixed}")
    taken, batch = [describe(side) for side in inputs], fixed or options.batch or 1
    zeros = {side.name: np.zeros((batch, *side.row), side.dtype) for side in taken}
    given = []
    for node, first in zip(session.get_outputs(), session.run(None, zeros)):
        if first.shape[:1] != (batch,):
            raise RunnerError(f"output {node.name}: shape {list(first.shape)} for a batch of {batch}")
        given.append(Side(node.name, first.dtype, first.shape[1:]))
    thresholds = given_thresholds(session, options) if path == options.model else {}
    places = places_for(session, options, batch) if path == options.model else 0
    memory = {"places": places, "asked": 0, "recalled": 0} if places else None
    return Model(
        session, taken, given, row_of(taken), row_of(given), batch, absent, thresholds, memory, decides(session, path)
    )


def places_for(session: "onnxruntime.InferenceSession", options: argparse.Namespace, batch: int) -> int:
    """Earlier answers to keep: as many as were asked for, else as the model says, where single vectors come.

    Raises:
        RunnerError: some were asked for, and batches come.
    """
    if options.memory is None:
        told = session.get_modelmeta().custom_metadata_map.get("gateweave.memory", "")
        return int(told) if told and batch == 1 else 0
    if options.memory and batch != 1:
        raise RunnerError(f"--memory {options.memory}: a batch of 1 is needed, not of {batch}")
    return int(options.memory)


def row_of(sides: "list[Side]") -> "np.dtype[np.void]":
    """The numpy type of one vector: a field for each side, in order, without gaps."""
    return np.dtype([(f"f{index}", side.dtype, side.row) for index, side in enumerate(sides)])


def bind(model: Model) -> Bound:
    """Arrays for one batch, bound by address, so that a call allocates and copies nothing."""
    binding = model.session.io_binding()
    x, y = ([np.zeros((model.batch, *s.row), s.dtype) for s in sides] for sides in (model.inputs, model.outputs))
    for side, array in zip(model.inputs, x):
        binding.bind_input(side.name, "cpu", 0, array.dtype.type, list(array.shape), array.ctypes.data)
    for name, array in model.given.items():
        binding.bind_input(name, "cpu", 0, array.dtype.type, list(array.shape), array.ctypes.data)
    for side, array in zip(model.outputs, y):
        binding.bind_output(side.name, "cpu", 0, array.dtype.type, list(array.shape), array.ctypes.data)
    return Bound(model, binding, x, y, None if model.memory is None else collections.OrderedDict())


def lay(bound: Bound, rows: "Array") -> None:
    """Put vectors into the first places of a batch."""
    for array, field in zip(bound.x, bound.model.row.names):
        array[: len(rows)] = rows[field]


def caller(bound: Bound) -> "Call":
    """The call to time. One RunOptions for all calls: making one each time costs as much as the floor's half."""
    run, binding, settings = bound.model.session.run_with_iobinding, bound.binding, onnxruntime.RunOptions()
    if bound.memory is not None:
        return lambda: remember(bound, lambda: run(binding, settings))

    def call(kept: Bound = bound) -> None:
        # `kept`: the binding holds addresses only, so the arrays must live as long as the call.
        run(binding, settings)

    return call


def remember(bound: Bound, call: "Call") -> None:
    """One vector's answer, or the earlier one of the same input; the least recently used goes."""
    counts, known = bound.model.memory, bound.memory
    key = b"".join(array.tobytes() for array in bound.x)
    counts["asked"] += 1
    answer = known.get(key)
    if answer is None:
        call()
        if len(known) == counts["places"]:
            known.popitem(last=False)
        known[key] = [array.copy() for array in bound.y]
        return
    counts["recalled"] += 1
    known.move_to_end(key)
    for array, kept in zip(bound.y, answer):
        array[...] = kept


def plain_caller(options: argparse.Namespace, bound: Bound) -> "Call":
    """What most people write: a session of default options, and `run`."""
    settings = onnxruntime.SessionOptions()
    add_operator(settings, options.model, options)
    session = onnxruntime.InferenceSession(options.model, settings, providers=[CPU])
    feed = {side.name: array.copy() for side, array in zip(bound.model.inputs, bound.x)}
    feed.update(bound.model.given)
    return lambda: session.run(None, feed)
