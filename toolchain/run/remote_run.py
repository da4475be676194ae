"""An AMD board's package on its board: copied by SSH, loaded and tested there, its figures brought back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.device.sealed import package_name
from toolchain.errors import ToolError
from toolchain.places.remote import Remote
from toolchain.run.testset import FORMAT

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
        ToolError: the board cannot be reached, or its self-test does not end as one does.
    """
    there = remote.deploy(folder, package_name(manifest))
    words = remote.as_root(["python3", "self_test.py", "--json"])
    done = remote.ask(words, folder=there, seconds=_TEST_SECONDS)
    try:
        told = json.loads(done.stdout)
        return _result(told, manifest)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ToolError(f"{remote.address}: self_test.py ended with status {done.returncode}: {last}") from None


def _result(told: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    kind = told["kind"]
    findings = {finding["name"]: finding for finding in told["findings"]}
    golden = [finding for name, finding in findings.items() if name.startswith("golden vectors")][-1]
    compared, equal = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", golden["summary"])[:2])
    vectors, seconds = golden["measured"]["vectors"], golden["measured"]["seconds_with_driver"]
    bench = findings["bench"]
    cycles = bench["measured"].get("latency_cycles")
    return {
        "format": FORMAT,
        "virtual": False,
        "identity": dict(manifest["identity"]),
        "clock_mhz": manifest.get("clock_mhz"),
        "answers": {
            "kind": kind, "what": "labels", "vectors": "test set",
            "compared": compared, "equal": equal, "differing": _differing(golden),
        },
        "accuracy": None,
        "latency": {"kind": kind, "vectors": vectors, "cycles": cycles and {"kind": kind, "median": cycles},
                    "seconds": {}, "end_to_end_seconds": []},
        "throughput": {"kind": kind, "vectors": vectors, "seconds": seconds,
                       "inferences_per_second": vectors / seconds if seconds else 0.0},
        "bench": {"kind": kind, **bench["measured"], "differences": bench["differences"]},
        "counters": None,
        "traffic": None,
        "self_test": told,
    }  # fmt: skip


def _differing(finding: Mapping[str, Any]) -> list[dict[str, int]]:
    rows = (re.match(r"vector (\d+): class (\d+) .*expected (\d+)", text) for text in finding["differences"])
    return [{"vector": int(row[1]), "answered": int(row[2]), "expected": int(row[3])} for row in rows if row]
