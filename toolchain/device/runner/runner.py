"""Runs a model with ONNX Runtime: its answers, its latency, or a loop to measure throughput and energy.

It takes the same words as the C runner (options.c) and writes the same JSON (report.c). It runs alone on a device with
Python 3.6 or newer, numpy and onnxruntime; hence the quoted annotations.
"""

import argparse
import collections
import ctypes
import gc
import json
import os
import platform
import resource
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    Call = Callable[[], object]
    Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]

TYPES = {"float": "float32", "double": "float64"}  # ONNX Runtime's names that are not numpy's
LEVELS = {"none": "DISABLE_ALL", "basic": "ENABLE_BASIC", "extended": "ENABLE_EXTENDED", "all": "ENABLE_ALL"}
CPU = "CPUExecutionProvider"
ROUNDS = 20  # model and floor take turns in this many blocks, so that a drifting clock touches both alike

Side = collections.namedtuple("Side", "name dtype row")  # one side of a model; `row` is the shape of one vector
# `given`: thresholds by the names of their inputs
# `decides`: its time depends on the input
# `row`: the numpy type of one vector, or of its answer: all inputs, or outputs, one after the other
Model = collections.namedtuple("Model", "session inputs outputs row answer batch absent given memory decides")
Bound = collections.namedtuple("Bound", "model binding x y memory")  # x, y: arrays of a whole batch by side, bound once
Timed = collections.namedtuple("Timed", "call bound fresh batch")  # a call, its arrays, what to lay there each time


class RunnerError(Exception):
    """What the person who runs this can act on; printed as one line."""


class Parser(argparse.ArgumentParser):
    """One line for each mistake, as everywhere."""

    def error(self, message: str) -> "NoReturn":
        """Raise it."""
        raise RunnerError(message + "; see --help")


def threshold_of(word: str) -> "tuple[int, int]":
    """Stage and lead of "1=300"."""
    stage, equals, lead = word.partition("=")
    if not (equals and stage.isdigit() and lead.isdigit() and int(lead) < 1 << 53):
        raise RunnerError(f"--threshold {word}: STAGE=LEAD is needed, whole numbers, such as 1=300")
    return int(stage), int(lead)


def options_parser() -> argparse.ArgumentParser:
    """The words of the command line."""
    parser = Parser(prog="runner.py", description=__doc__.splitlines()[0])
    for name in ("model", "floor", "library", "inputs", "answers", "labels", "json"):
        parser.add_argument("--" + name, metavar="FILE", required=name == "model")
    for name, default in (
        ("batch", None),
        ("count", None),
        ("core", None),
        ("memory", None),
        ("calls", 0),
        ("warmup", 500),
    ):
        parser.add_argument("--" + name, type=int, default=default, metavar="N")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--workers", type=int, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S")
    parser.add_argument("--level", choices=sorted(LEVELS), default="all")
    parser.add_argument("--threshold", type=threshold_of, action="append", default=[], metavar="STAGE=LEAD")
    for name in ("disable", "config", "provider", "provider-option"):
        parser.add_argument("--" + name, action="append", default=[], metavar="WORD")
    for name in ("fallback", "emulated", "plain"):
        parser.add_argument("--" + name, action="store_true")
    return parser


def check_options(options: argparse.Namespace) -> None:
    """Refuse what does not go together.

    Raises:
        RunnerError: naming the option.
    """
    for name, least in (
        ("batch", 1),
        ("count", 1),
        ("memory", 1),
        ("core", 0),
        ("threads", 1),
        ("workers", 1),
        ("warmup", 0),
    ):
        value = getattr(options, name)
        if value is not None and value < least:
            raise RunnerError(f"--{name} {value}: at least {least} is needed")
    if (options.answers or options.labels) and not options.inputs:
        raise RunnerError("--answers and --labels need --inputs")
    if options.core is not None and (options.threads > 1 or options.workers > 1):
        raise RunnerError("--core pins one thread; leave it out with --threads or --workers above 1")
    if options.floor and not options.calls:
        raise RunnerError("--floor needs --calls")
    if options.plain and not (options.calls or options.seconds):
        raise RunnerError("--plain needs --calls or --seconds")
    if options.emulated and (options.calls or options.seconds):
        raise RunnerError("an emulated run times nothing; leave out --calls and --seconds")


def first_line(path: str) -> "str | None":
    """First line of a file of the system, or None."""
    try:
        with open(path, errors="replace") as stream:
            return stream.readline().strip("\0\n ") or None
    except OSError:
        return None


def is_emulated() -> bool:
    """Whether this process sees another architecture than the kernel's own."""
    kernel = first_line("/proc/sys/kernel/arch")
    return kernel is not None and kernel != platform.machine()


def processor() -> "str | None":
    """The board's own name, or the processor's."""
    board = first_line("/proc/device-tree/model")
    if board or not os.path.exists("/proc/cpuinfo"):
        return board
    with open("/proc/cpuinfo", errors="replace") as stream:
        words = dict(line.split(":", 1) for line in stream if ":" in line)
    names = {key.strip(): value.strip() for key, value in words.items()}
    return names.get("model name") or names.get("Model")


def machine(core: "int | None") -> "dict[str, object]":
    """What the figures were measured on."""
    governor = f"/sys/devices/system/cpu/cpu{core or 0}/cpufreq/scaling_governor"
    return {
        "architecture": platform.machine(),
        "processor": processor(),
        "governor": first_line(governor),
        "cores": os.cpu_count(),
        "core": core,
    }


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
    return any(node.name.startswith("threshold") for node in session.get_overridable_initializers())


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
    return given


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
    places = options.memory if path == options.model else None
    if places and batch != 1:
        raise RunnerError(f"--memory {places}: a batch of 1 is needed, not of {batch}")
    memory = {"places": places, "asked": 0, "recalled": 0} if places else None
    return Model(
        session, taken, given, row_of(taken), row_of(given), batch, absent, thresholds, memory, decides(session, path)
    )


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


def read_vectors(options: argparse.Namespace, model: Model) -> "Array":
    """All vectors, shape (count,), a field for each input.

    Raises:
        RunnerError: the file is missing or holds no whole rows.
    """
    try:
        raw = np.fromfile(options.inputs, np.uint8)
    except OSError as error:
        raise RunnerError(f"{options.inputs}: {error.strerror}") from error
    row, kinds = model.row.itemsize, " and ".join(str(side.dtype) for side in model.inputs)
    if raw.size == 0 or raw.size % row:
        raise RunnerError(f"{options.inputs}: {raw.size} bytes are not whole rows of {row} ({kinds})")
    vectors: Array = raw.view(model.row)
    if options.count and options.count > len(vectors):
        raise RunnerError(f"--count {options.count}: {options.inputs} holds {len(vectors)} vectors")
    count: int = options.count or len(vectors)
    return vectors[:count]


def write_answers(options: argparse.Namespace, model: Model, vectors: "Array") -> None:
    """Raw rows of all outputs, and labels of the first (int32; the first of equal scores wins)."""
    bound, answers = bind(model), np.empty(len(vectors), model.answer)
    run = caller(bound)
    for first in range(0, len(vectors), model.batch):
        rows = vectors[first : first + model.batch]
        lay(bound, rows)
        run()
        for array, field in zip(bound.y, model.answer.names):
            answers[field][first : first + len(rows)] = array[: len(rows)]
    if options.answers:
        answers.tofile(options.answers)
    if options.labels:
        scores = answers["f0"].reshape(len(answers), -1)
        if scores.dtype.kind == "f":
            scores = np.where(np.isnan(scores), -np.inf, scores)  # as in C: NaN is never the greatest
        scores.argmax(axis=1).astype(np.int32).tofile(options.labels)


def time_calls(timed: Timed, calls: int) -> "list[float]":
    """Seconds of each call; the inputs are laid down outside of the timed part."""
    clock, call, times = time.perf_counter, timed.call, []
    for index in range(calls):
        if timed.fresh is not None:
            lay(timed.bound, timed.fresh[index % len(timed.fresh)][None])
        start = clock()
        call()
        times.append(clock() - start)
    return times


def summarise(times: "list[float]", switches: int, batch: int, warmup: int) -> "dict[str, object]":
    """Figures of all calls; a percentile is the least time that so many of all calls do not exceed."""
    ordered, count = sorted(seconds * 1e6 for seconds in times), len(times)
    figures = {f"p{p}_us": ordered[(count * p + 99) // 100 - 1] for p in (50, 90, 99)}
    figures.update(min_us=ordered[0], max_us=ordered[-1], mean_us=sum(ordered) / count)
    result: dict[str, object] = {key: round(value, 3) for key, value in figures.items()}
    result.update(calls=count, warmup=warmup, batch=batch, involuntary_switches=switches)
    return result


def switches_of(who: int) -> int:
    """Involuntary context switches so far."""
    return resource.getrusage(who).ru_nivcsw


def sides_of(options: argparse.Namespace, model: Model, vectors: "Array | None") -> "dict[str, Timed]":
    """What is timed, by its name in the result."""
    bound = bind(model)
    # A batch above one, or fixed, keeps the first vectors; else each call has an input of its own.
    if vectors is not None:
        lay(bound, np.resize(vectors, model.batch))
    fresh = vectors if model.batch == 1 else None
    sides = {"latency": Timed(caller(bound), bound, fresh, model.batch)}
    if options.floor:
        floor = open_model(options.floor, options)
        sides["floor"] = Timed(caller(bind(floor)), None, None, floor.batch)
    if options.plain:
        sides["plain"] = Timed(plain_caller(options, bound), None, None, model.batch)
    return sides


def measure_latency(options: argparse.Namespace, model: Model, vectors: "Array | None") -> "dict[str, object]":
    """Latency of single calls beside the Identity floor and, with --plain, a plain `session.run`."""
    sides = sides_of(options, model, vectors)
    times: dict[str, list[float]] = {name: [] for name in sides}
    switches = dict.fromkeys(sides, 0)
    for timed in sides.values():
        time_calls(timed, options.warmup)
    gc.disable()
    for turn in range(ROUNDS):
        calls = options.calls * (turn + 1) // ROUNDS - options.calls * turn // ROUNDS
        for name, timed in sides.items():
            before = switches_of(resource.RUSAGE_THREAD)
            times[name] += time_calls(timed, calls)
            switches[name] += switches_of(resource.RUSAGE_THREAD) - before
    gc.enable()
    return {n: summarise(times[n], switches[n], timed.batch, options.warmup) for n, timed in sides.items()}


def measure_loop(
    options: argparse.Namespace, model: Model, vectors: "Array | None", plain: bool = False
) -> "dict[str, object]":
    """Calls without pause for --seconds, from --workers threads; with `plain`, of `session.run`."""
    counts, start = [0] * options.workers, threading.Barrier(options.workers + 1)
    # The workers know when they began: this thread may wake up well after them.
    began, ended = [0.0] * options.workers, [0.0] * options.workers

    def work(index: int) -> None:
        bound = bind(model)
        if vectors is not None:
            lay(bound, np.resize(vectors, model.batch))
        # Where the time depends on the input, one input would tell nothing of the others.
        fresh = vectors if vectors is not None and not plain and (model.decides or model.memory) else None
        run, clock, calls = plain_caller(options, bound) if plain else caller(bound), time.perf_counter, 0
        time_calls(Timed(run, None, None, model.batch), options.warmup)
        start.wait()
        first = last = clock()
        end = first + options.seconds
        while last < end:
            if fresh is not None:
                lay(bound, np.take(fresh, range(calls * model.batch, (calls + 1) * model.batch), mode="wrap"))
            run()
            calls += 1
            last = clock()
        counts[index], began[index], ended[index] = calls, first, last

    threads = [threading.Thread(target=work, args=(index,)) for index in range(options.workers)]
    for thread in threads:
        thread.start()
    start.wait()
    before = switches_of(resource.RUSAGE_SELF)
    for thread in threads:
        thread.join()
    seconds, inferences = max(ended) - min(began), sum(counts) * model.batch
    unix_zero = time.time() - time.perf_counter()
    return {
        "seconds": round(seconds, 6),
        "inferences": inferences,
        "per_second": round(inferences / seconds, 1),
        "batch": model.batch,
        "workers": options.workers,
        "started_unix": unix_zero + min(began),
        "ended_unix": unix_zero + max(ended),
        "involuntary_switches": switches_of(resource.RUSAGE_SELF) - before,
    }


def report(options: argparse.Namespace, model: Model) -> "dict[str, object]":
    """What the result says before anything is measured."""
    sides = {"inputs": model.inputs, "outputs": model.outputs}
    return {
        "runner": "python",
        "kind": "emulated" if options.emulated else "measured",
        "runtime": onnxruntime.__version__,
        "model": os.path.basename(options.model),
        "provider": model.session.get_providers()[0],
        "absent_providers": model.absent,
        "machine": machine(options.core),
        "threads": options.threads,
        **{k: [{"name": s.name, "type": str(s.dtype), "row": list(s.row)} for s in v] for k, v in sides.items()},
    }


def run_all(options: argparse.Namespace) -> "dict[str, object]":
    """Do all that was asked for."""
    if is_emulated() and not options.emulated:
        if options.calls or options.seconds:
            raise RunnerError("this process is emulated: its times mean nothing; leave out --calls and --seconds")
        options.emulated = True
    check_options(options)
    if options.emulated:
        options.core = None  # a board's core need not exist on the emulating machine
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    model = open_model(options.model, options)
    result, vectors = report(options, model), None
    if options.inputs:
        vectors = read_vectors(options, model)
        result["vectors"] = len(vectors)
    if vectors is not None and (options.answers or options.labels):
        write_answers(options, model, vectors)
    if options.calls:
        result.update(measure_latency(options, model, vectors))
    if options.seconds:
        result["loop"] = measure_loop(options, model, vectors)
    if options.seconds and options.plain:
        result["plain_loop"] = measure_loop(options, model, vectors, plain=True)
    if model.memory is not None:
        result["memory"] = model.memory
    return result


def main(words: "list[str] | None" = None) -> int:
    """Run, and write the result; 1 with one line where something is wrong."""
    try:
        options = options_parser().parse_args(words)
        text = json.dumps(run_all(options), indent=2) + "\n"
        with open(options.json, "w") if options.json else sys.stdout as stream:
            stream.write(text)
    except Exception as error:  # ONNX Runtime's own errors have no common type that all versions export
        print("error: {}".format(" ".join(str(error).split())), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
