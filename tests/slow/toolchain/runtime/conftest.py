"""The two runners as commands."""

from __future__ import annotations

import sys

import pytest

from toolchain.runtime.binaries import SOURCES, build_runner, find_library


@pytest.fixture(scope="session")
def runners(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    binary = build_runner("x86_64", tmp_path_factory.mktemp("runner") / "runner")
    return {
        "c": [str(binary), "--library", str(find_library())],
        "python": [sys.executable, str(SOURCES / "runner.py")],
    }
