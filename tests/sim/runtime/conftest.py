"""The compiled C runner, and both runners' commands."""

from __future__ import annotations

import os
import sys

import pytest

from toolchain.runtime.binaries import SOURCES, build_runner, find_library


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    binary = build_runner(os.uname().machine, tmp_path_factory.mktemp("runner") / "runner")
    return {
        "c": [str(binary), "--library", str(find_library())],
        "python": [sys.executable, str(SOURCES / "runner.py")],
    }


@pytest.fixture(params=["c", "python"])
def command(request: pytest.FixtureRequest, commands: dict[str, list[str]]) -> list[str]:
    return commands[request.param]
