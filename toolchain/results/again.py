"""The command that makes a build anew."""

from __future__ import annotations

import shlex

from toolchain.layout import Request


def build_words(request: Request) -> str:
    """The variables of `make build` that ask for a build, each one word of a shell."""
    return " ".join([f"BOARD={request.board}", *_choices(request)])


def build_command(request: Request) -> str:
    """The command for a shell."""
    return f"make build {build_words(request)}"


def _choices(request: Request) -> list[str]:
    chosen = {
        "MODEL": None if request.file else request.folder or request.model,
        "NETWORK": request.file,
        "TEST": request.test,
        "CALIBRATION": request.calibration,
        "OUTPUTS": request.outputs,
        "THEN": request.then,
        "RECIPE": None if request.file else request.recipe,
        "STRATEGY": request.strategy if request.core == request.strategy else None,
        "FLOW": None if request.flow == "fpga_open" or (request.file and request.flow == "ort") else request.flow,
        "FPS": request.fps if isinstance(request.fps, str | None) else f"{request.fps:.12g}",
        "CLOCK": None if request.clock is None else f"{request.clock:.12g}",
        "DATA": request.data,
        "VECTORS": None if request.vectors is None else str(request.vectors),
        "TOGGLES": "1" if request.toggles else None,
    }
    return [f"{name}={shlex.quote(value)}" for name, value in chosen.items() if value]
