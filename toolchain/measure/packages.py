"""A package on its machine, made ready to be measured: copied there, proved there, and what keeps it busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from toolchain.device.agent.plan import Settings
from toolchain.device.checksums import must_be_bitstream, package_name
from toolchain.device.link.axi.selftest import bench_of
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.golden import read_golden
from toolchain.errors import ToolError, VerificationError
from toolchain.measure.measure import Job
from toolchain.measure.workloads import driver_words, runner_words
from toolchain.places.place import Place
from toolchain.results.manifest import Manifest
from toolchain.results.measurement import Proven, Provenance, ProvenDecisions
from toolchain.results.packed import read_device, read_package
from toolchain.results.run import FindingDecisions
from toolchain.results.selftest import Decisions, RuntimeSelfTest
from toolchain.run.findings import Asked
from toolchain.run.remote_run import self_tested

_READY_SECONDS = 900.0


def ready_runtime_package(
    place: Place,
    package: Path,
    settings: Settings,
    *,
    graph: str | None = None,
    python: Sequence[str] = ("python3",),
    options: Sequence[str] = (),
) -> Job:
    """Copy a package of ONNX Runtime to its machine and run its self-test there, without timing.

    Args:
        graph: one of its graphs; the chosen one without it.
        python: words that start the machine's Python.
        options: of the self-test, such as `--other-runtime`.

    Raises:
        BuildError: the package is damaged.
        ToolError: the machine cannot be reached, or the self-test failed there.
    """
    manifest = read_package(package)
    device = read_device(package)
    there = place.deploy(package, package_name(manifest.packed))
    _must_work(place, [*python, "selftest.py", "--no-timing", *options], there)
    proven = _proven_by(place, there, graph or device.chosen)
    # RAPL is root's; on other machines sensors may be read by all.
    root = place.address != "local"
    return Job(
        manifest.board,
        manifest.model,
        runner_words(device, graph, python),
        there,
        settings,
        root=root,
        provenance=provenance_of(manifest),
        proven=proven,
    )


def ready_amd_package(place: Place, package: Path, settings: Settings, *, python: str = "python3") -> Job:
    """Copy an AMD board's package to the board, load its bitstream and run its self-test there.

    Raises:
        BuildError: the package is damaged, or a hand-off without a bitstream.
        ToolError: the board cannot be reached, or its driver refuses.
        VerificationError: an answer differs, or what the self-test told cannot be.
    """
    manifest = read_package(package)
    must_be_bitstream(package, manifest.packed)
    there = place.deploy(package, package_name(manifest.packed))
    expected, bench = expected_of(manifest.packed), bench_of(manifest.packed)
    words = [python, "self_test.py", "--json", "--inferences", str(bench)]
    found = self_tested(place, there, words, Asked(read_golden(package).count, bench, 0.0, expected))
    for difference in (one for finding in found.told.findings for one in finding.differences):
        raise VerificationError(f"{place.address}: nothing is measured: self-test: {difference}")
    words, known = driver_words(python), provenance_of(manifest)
    job = Job(manifest.board, manifest.model, words, there, settings, root=True, provenance=known)
    decisions = found.golden.counts.decisions
    proven = Proven(compared=found.compared, decisions=_decisions(decisions) if decisions else None)
    return replace(job, expected=expected, proven=proven)


def _decisions(found: FindingDecisions | Decisions) -> ProvenDecisions:
    return ProvenDecisions(answered=found.answered, equal=found.equal)


def _proven_by(place: Place, there: str, graph: str) -> Proven | None:
    """What the self-test of a package for ONNX Runtime says of a graph; None where it says nothing."""
    with TemporaryDirectory(prefix="gateweave-") as name:
        here = Path(name) / "selftest.json"
        try:
            place.fetch(f"{there}/work/{here.name}", here)
            told = RuntimeSelfTest.model_validate_json(here.read_bytes())
        except (ToolError, OSError, ValidationError):
            return None
    verdicts = [run.verdict for run in told.runs if run.graph == graph and run.verdict]
    if not verdicts:
        return None
    (first, *_) = verdicts
    return Proven(compared=first.compared, decisions=_decisions(first.decisions) if first.decisions else None)


def provenance_of(manifest: Manifest) -> Provenance:
    """What says of a result which build it is of."""
    known = {name: getattr(manifest, name) for name in ("content_digest", "variant", "flow", "strategy")}
    return Provenance(**known, **(manifest.identity.to_json() if manifest.identity else {}))


def _must_work(place: Place, words: Sequence[str], folder: str) -> None:
    done = place.ask(words, folder=folder, seconds=_READY_SECONDS)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
        raise ToolError(f"{place.address}: {' '.join(words)} failed: {lines[-1] if lines else 'no reason given'}")
