"""An AMD board's package on its board: copied by SSH, loaded and tested there, its figures brought back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.device.link.axi.selftest import bench_of
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.golden import Golden, read_golden
from toolchain.device.sealed import package_name
from toolchain.errors import ToolError, VerificationError
from toolchain.places.remote import Remote
from toolchain.run.findings import Asked, Findings, read_findings
from toolchain.run.testset import FORMAT, vector_kind
from toolchain.told import Told, ToldError, parsed

_LOAD_SECONDS = 120.0
_TEST_SECONDS = 900.0


def load_remotely(remote: Remote, folder: Path, manifest: Mapping[str, Any]) -> str:
    """Copy a package to its board and load its bitstream there; returns what the board says it is.

    Raises:
        ToolError: the board cannot be reached, or its driver refuses.
    """
    there = remote.deploy(folder, package_name(manifest))
    return remote.run(remote.as_root(["python3", "driver.py", "identify"]), folder=there, seconds=_LOAD_SECONDS)


def run_remotely(remote: Remote, folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a package to its board and run its self-test there: every golden vector, the bench and the counters.

    Returns:
        A run as `testset.run_test_set` gives it, None where the self-test measures nothing, with `self_test`.

    Raises:
        ToolError: the board cannot be reached, or its self-test does not run there.
        VerificationError: what the self-test told cannot be; names the figure and its value.
    """
    there = remote.deploy(folder, package_name(manifest))
    bench = bench_of(manifest)
    words = remote.as_root(["python3", "self_test.py", "--json", "--inferences", str(bench)])
    golden, started = read_golden(folder), time.monotonic()
    done = remote.ask(words, folder=there, seconds=_TEST_SECONDS)
    asked = Asked(golden.count, bench, time.monotonic() - started, expected_of(manifest))
    ended = f"{remote.address}: self_test.py ended with status {done.returncode}"
    if done.returncode and not done.stdout.lstrip().startswith("{"):
        raise ToolError(f"{ended}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    try:
        told = Told(parsed(done.stdout))
        found = read_findings(told, asked)
        if bool(done.returncode) != bool(found.differences):
            raise ToldError(f"findings: {found.differences} differences, which the status contradicts")
    except VerificationError as error:
        raise VerificationError(f"{ended}, and what it told cannot be: {error}") from error
    return _result(told.value, found, manifest, golden)


def _result(told: Mapping[str, Any], found: Findings, manifest: Mapping[str, Any], golden: Golden) -> dict[str, Any]:
    kind, measured = told["kind"], found.golden.value["measured"]
    vectors, seconds = measured["vectors"], measured["seconds_with_driver"]
    cycles = found.bench.value["measured"].get("latency_cycles") if found.bench else None
    return {
        "format": FORMAT,
        "virtual": False,
        "identity": dict(manifest["identity"]),
        "clock_mhz": manifest.get("clock_mhz"),
        "answers": {
            "kind": kind, "what": "labels" if golden.layout.classes else "outputs", "vectors": vector_kind(manifest),
            "compared": found.compared, "equal": found.equal, "differing": found.golden.value["counts"]["differing"],
        },
        "accuracy": None,
        "latency": {"kind": kind, "vectors": vectors, "cycles": cycles and {"kind": kind, "median": cycles},
                    "seconds": {}, "end_to_end_seconds": []},
        "throughput": {"kind": kind, "vectors": vectors, "seconds": seconds,
                       "inferences_per_second": vectors / seconds if seconds else 0.0},
        "bench": _bench(kind, found),
        "counters": None,
        "counted": found.counters,
        "traffic": None,
        "self_test": told,
    }  # fmt: skip


def _bench(kind: str, found: Findings) -> dict[str, Any] | None:
    if found.bench is None:
        return None
    told = found.bench.value
    rate = {key: value for key, value in told["measured"].items() if value is not None}
    sums = {key: told["counts"][key] for key in ("checksum", "expected_checksum")}
    return {"kind": kind, **rate, **sums, "differences": told["differences"]}
