"""Runs a model with ONNX Runtime: its answers, its latency, or a loop to measure throughput and energy.

It takes the same words as the C runner (options.c) and writes the same JSON (report.c). It runs on a device with
sessions.py, Python 3.6 or newer, numpy and onnxruntime alone; hence the quoted annotations.
"""

import argparse
import collections
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

if TYPE_CHECKING or __package__:
    from toolchain.device.runner.sessions import LEVELS, Model, RunnerError, bind, caller, lay, open_model, plain_caller
else:
    # On a device there is no package, but the file beside this one.
    from sessions import LEVELS, Model, RunnerError, bind, caller, lay, open_model, plain_caller

ROUNDS = 20  # model and floor take turns in this many blocks, so that a drifting clock touches both alike

Timed = collections.namedtuple("Timed", "call bound fresh batch")  # a call, its arrays, what to lay there each time


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
    defaults = {"calls": 0, "warmup": 500, "threads": 1, "workers": 1}
    for name in ("batch", "count", "core", "memory", "width", *defaults):
        parser.add_argument("--" + name, type=int, default=defaults.get(name), metavar="N")
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
    for name in ("batch", "count", "memory", "width", "core", "threads", "workers", "warmup"):
        value, least = getattr(options, name), 0 if name in ("core", "warmup", "memory") else 1
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
