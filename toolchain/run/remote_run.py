"""An AMD board's package on its board: copied by SSH, loaded and tested there, its figures brought back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from toolchain.device.checksums import package_name
from toolchain.device.link.axi.selftest import bench_of
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.golden import Golden, read_golden
from toolchain.errors import ToolError, VerificationError
from toolchain.places.place import Place
from toolchain.places.remote import Remote
from toolchain.results.manifest import Manifest
from toolchain.results.run import (
    Answers,
    CycleSpread,
    Finding,
    RunBehind,
    RunBench,
    RunDecisions,
    RunFigures,
    RunKind,
    RunLatency,
)
from toolchain.run.behind import HostPart
from toolchain.run.findings import Asked, Findings, read_findings
from toolchain.run.given import Given, golden_with
from toolchain.run.testset import throughput, vector_kind
from toolchain.told import Told, ToldError, parsed

_LOAD_SECONDS = 120.0
_TEST_SECONDS = 900.0
_ANSWERS, _SAID = "answers.bin", "said.bin"


def load_remotely(remote: Remote, folder: Path, manifest: Manifest) -> str:
    """Copy a package to its board and load its bitstream there; returns what the board says it is.

    Raises:
        ToolError: the board cannot be reached, or its driver refuses.
    """
    there = remote.deploy(folder, package_name(manifest.packed))
    return remote.run(remote.as_root(["python3", "driver.py", "identify"]), folder=there, seconds=_LOAD_SECONDS)


def run_remotely(
    remote: Remote,
    folder: Path,
    manifest: Manifest,
    given: Given = {},  # noqa: B006 (nothing changes it)
    memory: int = 0,
    then: Path | None = None,
) -> RunFigures:
    """Copy a package to its board and run its self-test there: every golden vector, the bench and the counters.

    Args:
        given: settings with other values than the built ones.
        memory: answers that are kept while all vectors are sent.
        then: the host's part of a split network, which goes on from the answers.

    Returns:
        Figures as `testset.run_test_set` gives them, None where the self-test measures nothing, with `self_test`.

    Raises:
        ToolError: the board cannot be reached, or its self-test does not run there.
        VerificationError: what the self-test told cannot be; names the figure and its value.
        ModelError: `then` takes other values than the board answers with.
    """
    golden = read_golden(folder)
    host = HostPart(then, golden.layout.elements) if then else None
    there = remote.deploy(folder, package_name(manifest.packed))
    bench, kept = bench_of(manifest.packed), f"{there}-{_SAID}"
    more = _with(remote, folder, golden, given, there) if given else []
    more += ["--memory", str(memory)] if memory else []
    more += ["--keep", f"../{Path(kept).name}"] if host else []
    words = ["python3", "self_test.py", "--json", "--inferences", str(bench), *more]
    found = self_tested(remote, there, words, Asked(golden.count, bench, 0.0, expected_of(manifest.packed), memory))
    behind = _behind(remote, kept, host, folder, golden, given) if host else None
    return _figures(found, manifest, golden).model_copy(update={"behind": behind})


def _behind(remote: Remote, kept: str, host: HostPart, folder: Path, golden: Golden, given: Given) -> RunBehind:
    """What the host makes of the answers that the self-test wrote down."""
    right = golden_with(folder, golden, given) if given else golden
    with TemporaryDirectory(prefix="gateweave-") as name:
        remote.fetch(kept, here := Path(name) / _SAID)
        said = here.read_bytes()
    size = golden.layout.size
    if len(said) != golden.count * size:
        raise VerificationError(f"{remote.address}: {kept}: {len(said):,} bytes are no {golden.count:,} answers")
    return host.of(golden.with_answers(said).answers(golden.count), right.answers(golden.count), "measured")


def self_tested(place: Place, there: str, words: Sequence[str], asked: Asked) -> Findings:
    """Run the self-test of an AMD board's package in its folder on the board, as root.

    Args:
        words: the program and its arguments, `--json` among them.
        asked: what they ask for; the seconds are taken here.

    Raises:
        ToolError: the board cannot be reached, or its self-test does not run there.
        VerificationError: what the self-test told cannot be; names the figure and its value.
    """
    started = time.monotonic()
    done = place.ask(place.as_root(words), folder=there, seconds=_TEST_SECONDS)
    asked = asked._replace(seconds=time.monotonic() - started)
    ended = f"{place.address}: self_test.py ended with status {done.returncode}"
    if done.returncode and not done.stdout.lstrip().startswith("{"):
        raise ToolError(f"{ended}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    try:
        found = read_findings(Told(parsed(done.stdout)), asked)
        if bool(done.returncode) != bool(found.differences):
            raise ToldError(f"findings: {found.differences} differences, which the status contradicts")
    except VerificationError as error:
        raise VerificationError(f"{ended}, and what it told cannot be: {error}") from error
    return found


def _with(remote: Remote, folder: Path, golden: Golden, given: Given, there: str) -> list[str]:
    """Arguments of a self-test with settings: the right answers lie in a folder of their own beside the package."""
    with TemporaryDirectory(prefix="gateweave-") as name:
        (Path(name) / _ANSWERS).write_bytes(golden_with(folder, golden, given).answers_bytes)
        beside = remote.deploy(Path(name), f"{Path(there).name}-answers")
    said = [f"--set={setting.name}={value}" for setting, value in given.items()]
    return [*said, "--answers", f"../{Path(beside).name}/{_ANSWERS}"]


def _figures(found: Findings, manifest: Manifest, golden: Golden) -> RunFigures:
    kind, measured = found.told.kind, found.golden.measured
    vectors, seconds = measured.vectors or 0, measured.seconds_with_driver or 0.0
    cycles = found.bench.measured.latency_cycles if found.bench else None
    return RunFigures(
        virtual=False,
        identity=manifest.chip,
        clock_mhz=manifest.clock_mhz,
        answers=Answers(
            kind=kind,
            what="labels" if golden.layout.classes else "outputs",
            vectors=vector_kind(manifest),
            compared=found.compared,
            equal=found.equal,
            differing=found.golden.counts.differing,
        ),
        accuracy=None,
        latency=RunLatency(
            kind=kind,
            vectors=vectors,
            cycles=CycleSpread(kind=kind, median=cycles) if cycles else None,
            seconds={},
            end_to_end_seconds=(),
        ),
        throughput=throughput(vectors, seconds, kind),
        bench=_bench(found.bench, kind) if found.bench else None,
        counters=None,
        counted=found.counted,
        traffic=None,
        self_test=found.told,
        decisions=_decisions(found.golden, kind),
        memory=found.golden.counts.memory,
    )


def _decisions(told: Finding, kind: RunKind) -> RunDecisions | None:
    found = told.counts.decisions
    return RunDecisions(kind=kind, **dict(found)) if found else None


def _bench(told: Finding, kind: RunKind) -> RunBench:
    rate = told.measured.model_dump(exclude_none=True)
    sums = {"checksum": told.counts.checksum, "expected_checksum": told.counts.expected_checksum}
    decisions = _decisions(told, kind)
    return RunBench.model_validate(
        {"kind": kind, **rate, **sums, "differences": told.differences, "decisions": decisions}
    )
