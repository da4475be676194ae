"""A package on its machine, made ready to be measured: copied there, proved there, and what keeps it busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from toolchain.device.agent.plan import Settings
from toolchain.device.checksums import must_be_bitstream, package_name
from toolchain.device.link.axi.sense import expected_of
from toolchain.errors import ToolError
from toolchain.measure.measure import Job
from toolchain.measure.workloads import driver_words, runner_words
from toolchain.places.place import Place
from toolchain.results.manifest import Manifest
from toolchain.results.measurement import Provenance
from toolchain.results.packed import read_device, read_package

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
    )


def ready_amd_package(place: Place, package: Path, settings: Settings, *, python: str = "python3") -> Job:
    """Copy an AMD board's package to the board and load its bitstream.

    Raises:
        BuildError: the package is damaged, or a hand-off without a bitstream.
        ToolError: the board cannot be reached, or its driver refuses.
    """
    manifest = read_package(package)
    must_be_bitstream(package, manifest.packed)
    there = place.deploy(package, package_name(manifest.packed))
    _must_work(place, place.as_root([python, "driver.py", "identify"]), there)
    words, proven = driver_words(python), provenance_of(manifest)
    job = Job(manifest.board, manifest.model, words, there, settings, root=True, provenance=proven)
    return replace(job, expected=expected_of(manifest.packed))


def provenance_of(manifest: Manifest) -> Provenance:
    """What says of a result which build it is of."""
    known = {name: getattr(manifest, name) for name in ("content_digest", "variant", "flow", "strategy")}
    return Provenance(**known, **(manifest.identity.to_json() if manifest.identity else {}))


def _must_work(place: Place, words: Sequence[str], folder: str) -> None:
    done = place.ask(words, folder=folder, seconds=_READY_SECONDS)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
        raise ToolError(f"{place.address}: {' '.join(words)} failed: {lines[-1] if lines else 'no reason given'}")
