"""A network that decides beside the single larger one that its recipe names, both built for the same board alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from toolchain.board import AmdBoard, OpenBoard
from toolchain.catalog import load_board
from toolchain.errors import BuildError, GateweaveError
from toolchain.found_models import find_model
from toolchain.layout import Layout, Request
from toolchain.results.account import Account
from toolchain.results.again import build_command
from toolchain.results.belonging import belongs, marks_of
from toolchain.results.built import read_built
from toolchain.results.facts.decision import Beside
from toolchain.results.manifest import Manifest, Resources, Timing
from toolchain.results.measurement import Measurement
from toolchain.results.measurements import read_results
from toolchain.results.report import Side, SideBySide

_OWN_RTL = ("fpga_open", "dataflow")


def beside_of(layout: Layout, manifest: Manifest, measured: Measurement | None) -> SideBySide | None:
    """Both networks, or how the other one is built; None where the recipe names none.

    Args:
        measured: the newest measurement of the own build.
    """
    if manifest.decision is None or manifest.decision.beside is None:
        return None
    own = _side(manifest, measured)
    other = Layout(_asked(layout.request, manifest, manifest.decision.beside), layout.root)
    try:
        found = read_built(other)
    except BuildError:
        return SideBySide(own=own, other=None, command=build_command(other.request), same_test=None)
    same = _tested(found) == _tested(manifest)
    return SideBySide(own=own, other=_side(found, newest_measurement(other, found)), command=None, same_test=same)


def newest_measurement(layout: Layout, manifest: Manifest) -> Measurement | None:
    """The newest measurement of this very build, or None."""
    marks = marks_of(layout, manifest.to_json())
    own = [result for result in read_results(layout.board_dir) if belongs(result.to_json(), marks)]
    return own[-1] if own else None


def _asked(request: Request, manifest: Manifest, beside: Beside) -> Request:
    """The other network for the same board, data, rate and clock; a rate of the own recipe has to be asked for."""
    fps = request.fps or (_rate(request, manifest) if request.flow in _OWN_RTL else None)
    return replace(request, model=beside.model, recipe=beside.recipe, folder=_folder(beside.model), fps=fps)


def _rate(request: Request, manifest: Manifest) -> float | None:
    """The recipe's rate where the board aims at no lower one of its own."""
    said = (manifest.recipe.model_extra or {}).get("fps")
    board = load_board(request.board)
    own = board.target.fps if isinstance(board, AmdBoard | OpenBoard) else 0
    return said if isinstance(said, int | float) and said < own else None


def _folder(model: str) -> str | None:
    try:
        found = find_model(model)
    except GateweaveError:
        return None
    return str(found.path) if found.is_outside else None


def _tested(manifest: Manifest) -> object:
    """What the test set is told by."""
    data = manifest.data
    return None if data is None else (data.kind, data.classes, data.windows.get("blocked", {}).get("test"))


def _side(manifest: Manifest, measured: Measurement | None) -> Side:
    energy = measured.energy if measured and measured.status == "ok" else None
    return Side(
        model=manifest.model,
        recipe=manifest.recipe.name,
        accuracy=manifest.accuracy.accuracy if manifest.accuracy else None,
        call_us=_call(manifest),
        energy_j=energy.per_inference_j.net.median if energy else None,
        energy_kind=energy.kind if energy else None,
        **_taken(manifest.account),
        **_on_chip(manifest.timing, manifest.resources),
    )


def _taken(account: Account | None) -> dict[str, Any]:
    keys = ("operations", "clocks", "switched_bits", "toggles")
    return {key: getattr(account, key, None) for key in keys}


def _on_chip(timing: Timing | None, use: Resources | None) -> dict[str, Any]:
    return {
        "clock_mhz": timing.clock_mhz if timing else None,
        "interval": (timing.mean_interval or timing.initiation_interval) if timing else None,
        "latency_cycles": timing.latency_cycles if timing else None,
        "lut": use.lut if use else None,
        "lut_kind": use.kind if use else None,
    }


def _call(manifest: Manifest) -> float | None:
    """Median of one call of the chosen graph by its fastest runner."""
    latency = manifest.latency
    if latency is None:
        return None
    return min((row.p50_us for row in latency.rows if row.variant == latency.chosen), default=None)
