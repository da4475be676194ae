"""Instructions of MLPerf Tiny's networks with AVX2 alone: our C beside LiteRT's XNNPACK, which AVX-512 is kept from.

Run with ``make bench``. LiteRT takes all that a processor has, so both run on a Haswell that qemu plays.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.benchmarks.emulated import LITERT, build_counter, of_litert, of_our_c, tell
from tests.benchmarks.test_kernels import NETWORKS
from toolchain.runtime.network_file.opening import open_network

_TOOLS = ("setarch", "qemu-x86_64-static")

# Programs lie at the same addresses each time.
_PLAYER = (_TOOLS[0], "-R", _TOOLS[1], "-cpu", "Haswell")


@pytest.mark.skipif(not all(map(shutil.which, _TOOLS)), reason=f"no {' or no '.join(_TOOLS)}")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="LiteRT is here for another processor than x86-64")
@pytest.mark.parametrize("name", NETWORKS)
def test_instructions_with_avx2(name: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tflite" / "mlperf-tiny" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    counter, python = build_counter(tmp_path), Path(sys.executable).resolve()
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": sysconfig.get_path("purelib")}
    told = {
        "C": of_our_c(counter, _PLAYER, open_network(path).source.graph, "gcc", "x86-64-v3"),
        f"LiteRT ({LITERT}), XNNPACK": of_litert(counter, _PLAYER, python, path, environment),
    }
    tell(name, "x86-64-v3", told)
    assert min(told.values()) == told["C"]
