"""Fixtures that all tests may use."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests choose for themselves; what the Makefile exports must not leak into them."""
    for name in (
        "BOARD",
        "MODEL",
        "DATA",
        "RECIPE",
        "STRATEGY",
        "FPS",
        "FLOW",
        "ONNX",
        "CALIBRATION",
        "WHEELS",
        "PACKAGE",
        "PORT",
        "HOST",
        "VIRTUAL",
        "FAULTS",
        "COUNT",
        "PERSIST",
        "CABLE",
        "METER",
        "JOBS",
        "SNAKEMAKE_ARGS",
        "GATEWEAVE_BUILD_DIR",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real captures beside the repository; tests that need them skip where they are absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: the real captures are not part of the repository")
    return folder
