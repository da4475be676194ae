"""Ten thousand mutated ONNX files, YAML files, captures, packets, packages and devices.

Run with ``make bench``: no traceback, no hang over a minute, no more than 2 GiB. ``GATEWEAVE_FUZZ_SEED`` chooses
others.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.fuzz.run import FUZZERS, fuzz

CASES = 10_000


@pytest.mark.parametrize("fuzzer", FUZZERS)
def test_mutations(fuzzer: str) -> None:
    count, started = -(-CASES // len(FUZZERS)), time.monotonic()
    found = fuzz(fuzzer, int(os.environ.get("GATEWEAVE_FUZZ_SEED", "1")), count)
    seconds, faults = time.monotonic() - started, len(found.faults)
    print(f"\n{fuzzer}: {found.cases:,} mutations, {faults} faults, peak {found.peak >> 20} MiB, {seconds:.0f} s")
    assert not found.faults, str(found)
