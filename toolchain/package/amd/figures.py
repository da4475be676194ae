"""What Vivado measured of a design, in the manifest's words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.device.packed import PackedManifest, PackedStream, PackedTiming
from toolchain.errors import ToolError
from toolchain.vivado.implement import Result

KIND = "measured"
_COUNTED = ("lut", "ff", "bram", "dsp")


def with_result(manifest: PackedManifest, result: Result) -> PackedManifest:
    """The manifest of a hand-off with the figures of its bitstream, as a build with Vivado has them."""
    name, _, version = result.tool.partition(" ")
    whole: PackedManifest = {**manifest, "tools": {**manifest.get("tools", {}), name: version}}
    whole["resources"] = _resources(result, manifest.get("capacity", {}))
    whole["timing"] = _timing(manifest.get("timing", {}), result, manifest["clock_mhz"])
    whole["comparison"] = [*manifest.get("comparison", ()), _comparison_row(manifest, result)]
    return whole


def _resources(result: Result, capacity: Mapping[str, int]) -> dict[str, object]:
    """What the routed design uses of the device, and its share in percent."""
    used = result.resources
    share = {key: round(100 * used[key] / capacity[key], 2) for key in _COUNTED if capacity.get(key)}
    return {"kind": KIND, "tool": result.tool, **used, "used_percent": share}


def _timing(before: PackedTiming, result: Result, clock_mhz: float) -> PackedTiming:
    """The clock as routed; cycles stay as they were simulated."""
    path = result.timing.critical_path
    routed: PackedTiming = {"fmax_mhz": round(result.timing.fmax_mhz, 2), "critical_path": [path] if path else []}
    return {**before, "kind": KIND, "clock_mhz": clock_mhz, **routed}


def _comparison_row(manifest: PackedManifest, result: Result) -> dict[str, object]:
    """A row of the table that holds cores side by side: the core alone where Vivado could tell it apart."""
    used: Mapping[str, int] = result.core_resources or result.resources
    cycles = manifest.get("timing", {})
    return {
        "core": manifest["strategy"],
        "kind": KIND,
        "tool": result.tool,
        **{key: used[key] for key in _COUNTED},
        **{key: cycles.get(key) for key in ("latency_cycles", "initiation_interval")},
        "cycles_kind": "simulated",
        "note": "" if result.core_resources else "the whole design, with the shell around the core",
    }


def streams_of(settings: Path) -> dict[str, PackedStream]:
    """What the driver must know of FINN's streams, from the `settings.json` that FINN's own driver reads.

    Returns:
        `input` and `output`; the innermost dimension of `folded` is a word.

    Raises:
        ToolError: FINN wrote something else than one input and one output.
    """
    try:
        shapes = json.loads(settings.read_text())["driver_information"]["io_shape_dict"]
        return {name: _stream(shapes, name[0]) for name in ("input", "output")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"{settings}: is not what FINN's driver settings should be ({error})") from error


def _stream(shapes: Mapping[str, Any], letter: str) -> PackedStream:
    [kind], [engine], [folded] = shapes[f"{letter}dt"], shapes[f"{letter}dma_names"], shapes[f"{letter}shape_folded"]
    named = re.fullmatch(r"DataType\['(\w+)'\]", kind)
    if named is None:
        raise ValueError(f"{kind} is no type")
    return {"type": named.group(1), "elements": math.prod(folded), "folded": folded, "engine": engine}
