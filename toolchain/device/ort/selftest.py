"""The self-test: is this the device, is the package whole, do the answers agree, and how fast is it."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence

from toolchain.errors import BuildError, ConfigError, GateweaveError, ToolError, VerificationError

from . import checks, checksums, golden, install, machine, report, runners
from .runs import Run, runs_of, skipped

CALLS = 10000
COMPILE = "gcc -O2 -std=gnu11 -D_GNU_SOURCE -o work/runner runner/*.c -ldl -lpthread"


class Options(NamedTuple):
    """What the person asked for.

    Attributes:
        work: folder to write to.
        python: words before the Python runner's script: another Python, an emulator.
        c: words that start the C runner.
        site: folder with ONNX Runtime and NumPy to use instead of the package's, or None.
        only: graphs to run; all where empty.
        fallback: go on without a provider that is absent; other_runtime: with another version of ONNX Runtime.
        calls: calls to time; 0 times nothing.
        vectors: how many of the package's to run; None: all.
    """

    work: Path
    python: List[str]
    c: List[str]
    site: Optional[Path]
    only: List[str]
    fallback: bool
    other_runtime: bool
    emulated: bool
    calls: int
    vectors: Optional[int]


def main(package: Path, words: Optional[Sequence[str]] = None) -> int:
    """Run the self-test and print it; returns the exit status."""
    try:
        result = self_test(package, _options(package, words), print)
    except GateweaveError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if result["passed"] else 1


def self_test(package: Path, options: Options, say: Any) -> Dict[str, Any]:
    """Check, install, compare and time; returns the report that is also written to `work/selftest.json`.

    Raises:
        GateweaveError: the package or the device is not what it should be.
    """
    manifest = checksums.verify(package)
    device = _read_device(package)
    _must_know(options.only, device)
    say(f"{device['model']} for {device['title']}: {len(manifest['files'])} files as packed")
    programs, found = _prepare(package, device, options)
    providers, absent = checks.choose_providers(device["providers"], found["providers"], options.fallback)
    facts: Dict[str, Any] = {"jetson": None} if options.emulated else machine.describe()
    for note in _notes(device, programs, found, providers, absent):
        say(note)
    wanted = [run for run in runs_of(device, providers, found, facts, options.work) if _is_wanted(run, options)]
    rows = [row for run in wanted for row in _run(programs, device, run, options, say)]
    result = {
        "board": device["board"],
        "model": device["model"],
        "manifest": manifest["content_digest"],
        "kind": "emulated" if options.emulated else f"measured on {facts['model'] or 'this machine'}",
        "python": found["python"],
        "onnxruntime": found["onnxruntime"],
        "onnxruntime_wanted": device["onnxruntime"],
        "absent_provider": absent,
        "device": None if options.emulated else facts,
        "runs": rows,
        "passed": all(map(report.passed, rows)),
        "fastest": report.fastest(rows),
    }
    (options.work / "selftest.json").write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    report.say_end(result, device["chosen"], say)
    return result


def _notes(
    device: Mapping[str, Any],
    programs: runners.Runners,
    found: Mapping[str, Any],
    providers: Sequence[str],
    absent: Optional[str],
) -> Iterator[str]:
    """What is other than the package would have it, and goes on all the same."""
    if found["onnxruntime"] != device["onnxruntime"]:
        yield f"ONNX Runtime {found['onnxruntime']}, not {device['onnxruntime']}, as asked"
    if absent:
        yield f"provider {absent} is absent; {providers[0]} takes its place, as asked"
    for name, why in skipped(device, providers).items():
        yield f"{name}: not in TensorRT: {why}"
    if not programs.c:
        yield f"C runner left out: {_why_no_c(programs)}"


def _prepare(package: Path, device: Mapping[str, Any], options: Options) -> Any:
    """Install what is to be installed; the programs that will run, and what their Python imports."""
    bare = runners.Runners(package, options.python, None, None, None)
    wheels = [] if options.site else install.packed_wheels(package, device)
    checks.must_be_the_device(device, runners.probe(bare), wheels)
    if not wheels:
        # Nothing is installed, but what lies there would be taken for it by others.
        install.must_be_installed(install.packed_wheels(package, device), options.work)
    site = install.install(wheels, options.work) if wheels else options.site
    found = runners.probe(bare._replace(site=site), "runtime")
    if not options.other_runtime:
        checks.must_be_the_runtime(device, found)
    library = checks.find_library(Path(found["folder"]))
    c = options.c or [str(package / "runner" / f"runner-{device['machine']}")]
    can = library is not None and runners.starts(c)
    return runners.Runners(package, options.python, site, c if can else None, library), found


def _run(
    programs: runners.Runners, device: Mapping[str, Any], run: Run, options: Options, say: Any
) -> List[Dict[str, Any]]:
    """One run by every runner: verdict, and latency where it is asked for."""
    vectors = golden.read(programs.package, device["golden"])
    if options.vectors is not None:
        vectors = golden.fewer(vectors, options.vectors)
    graph = device["graphs"][run.graph]
    job = runners.Job(
        golden.write_inputs(vectors, graph, options.work),
        options.work / "answers.bin",
        options.work / "result.json",
        options.calls,
        None if options.emulated else _core(device),
        options.emulated,
    )
    rows = []
    if run.folder and not any(run.folder.iterdir()):
        say(f"{run.name}: builds its engine once, which may take minutes")
    for name in programs.names:
        row: Dict[str, Any] = {"run": run.name, "graph": run.graph, "providers": run.providers, "runner": name}
        for stale in (job.answers, job.result):
            if stale.exists():
                stale.unlink()
        try:
            result = runners.execute(programs, name, device, run, job)
            answers = golden.answers_of(vectors, graph, job.answers)
            row["verdict"] = golden.as_json(golden.compare(vectors, answers, _promise(device, run)))
            row.update({key: result[key] for key in ("latency", "floor", "provider", "machine") if key in result})
        except (ToolError, VerificationError) as error:
            # The other runs may do without what this one lacks: all are tried before the test fails.
            row["error"] = str(error)
        rows.append(row)
        say(report.line(row))
    return rows


def _core(device: Mapping[str, Any]) -> int:
    """The core to measure on: the board's own, or the last one that this process may use."""
    usable = os.sched_getaffinity(0)
    core: int = device["core"]
    return core if core in usable else max(usable)


def _promise(device: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """What a run promises: a graph that is exact on the CPU may round on a GPU, within the budget."""
    promise: Mapping[str, Any] = device["graphs"][run.graph]["promise"]
    if promise["kind"] != "exact" or run.providers == [checks.CPU]:
        return promise
    if device["outputs"] == "classes":
        return {"kind": "labels", "differing": device["budget"]}
    return {"kind": "values", "tolerance": device["budget"]}


def _why_no_c(programs: runners.Runners) -> str:
    if programs.library is None:
        return "this ONNX Runtime brings no libonnxruntime.so (releases before 1.19)"
    return f"its binary does not start here (a newer glibc?); compile it and name it by --c-runner: {COMPILE}"


def _must_know(names: Sequence[str], device: Mapping[str, Any]) -> None:
    for name in names:
        if name not in device["graphs"]:
            raise ConfigError(f"--only {name}: no such graph in this package; it has {', '.join(device['graphs'])}")


def _is_wanted(run: Run, options: Options) -> bool:
    return not options.only or run.graph in options.only


def _read_device(package: Path) -> Dict[str, Any]:
    try:
        device: Dict[str, Any] = json.loads((package / "device.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"{package / 'device.json'}: cannot be read ({error}); copy the package again") from error
    return device


def _options(package: Path, words: Optional[Sequence[str]]) -> Options:
    parser = argparse.ArgumentParser(prog="run.sh", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fallback", action="store_true", help="use the next provider where the first is absent")
    parser.add_argument("--other-runtime", action="store_true", help="go on with another version of ONNX Runtime")
    parser.add_argument("--only", action="append", default=[], metavar="GRAPH", help="run this graph only (repeatable)")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls to time (default {CALLS})")
    parser.add_argument("--vectors", type=int, metavar="N", help="compare N of the vectors, spread evenly; not all")
    parser.add_argument("--no-timing", action="store_true", help="compare answers only")
    parser.add_argument("--site", type=Path, help="folder with ONNX Runtime and NumPy to use instead of the package's")
    parser.add_argument("--emulated", action="store_true", help="run in an emulator: nothing is timed")
    parser.add_argument(
        "--work", type=Path, default=package / checksums.WORK, help="folder to write to (default: work)"
    )
    parser.add_argument("--python", default=sys.executable, help="the Python to use, words apart by spaces")
    parser.add_argument("--c-runner", default="", help="the C runner to use, words apart by spaces")
    asked = parser.parse_args(words)
    work = asked.work.resolve()
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{work}: cannot be made: {error.strerror}; name another folder by --work") from error
    timed = not (asked.no_timing or asked.emulated)
    calls = max(asked.calls, 1) if timed else 0
    python, c_runner = asked.python.split(), asked.c_runner.split()
    site = asked.site and asked.site.resolve()
    asks = (asked.only, asked.fallback, asked.other_runtime, asked.emulated)
    return Options(work, python, c_runner, site, *asks, calls, asked.vectors)
