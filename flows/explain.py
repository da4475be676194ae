"""Explains a build: `python -m flows.explain ROOT REQUEST`, for `gateweave explain`; the last line is a record as JSON.

Nothing is built; the network's graph and the records of the build are read, and its folding is searched again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.explaining.elsewhere import elsewhere
from flows.explaining.ways import allowed, ways_of
from flows.explaining.what_if import WhatIf
from flows.stages import files
from flows.stages.context import Context
from flows.stages.foreign.load import file_of
from flows.stages.rtl.folding import rate_named_by, target_fps
from toolchain.device.checksums import MANIFEST
from toolchain.errors import BuildError, GateweaveError, ModelError
from toolchain.files import sha256
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import as_chain
from toolchain.layout import Layout
from toolchain.results.built import read_built
from toolchain.results.explained import ExplainedPackage, Explanation, Limit, Timed
from toolchain.results.facts import FoldFacts, MapFacts
from toolchain.results.folding import FoldedUnits
from toolchain.results.manifest import Manifest
from toolchain.results.request import read_request
from toolchain.runtime.network_file.opening import open_network


def explain(layout: Layout) -> Explanation:
    """Why a build is as fast and as large as it is.

    Raises:
        BuildError: it has no package, a record is missing, or the searches find its folding no more.
    """
    if layout.request.flow == "mcu":
        raise BuildError(f"{layout.request.board}: a processor's program has no folding to explain; see `make show`")
    context = Context("explain", layout.request, layout, Path(os.devnull))
    manifest, graph = read_built(layout), _graph(context)
    own = {"ort": _processor, "finn": _finn}.get(layout.request.flow, _folded)
    found = own(context, manifest, graph)
    return Explanation(**_common(context, manifest), elsewhere=elsewhere(context, graph) if graph else (), **found)


def _common(context: Context, manifest: Manifest) -> dict[str, Any]:
    timing, request, latency = manifest.timing, context.request, manifest.latency
    per_second = latency.throughput.per_second if latency else None
    package = context.layout.stage("package") / MANIFEST
    return {
        "model": request.model,
        "board": request.board,
        "variant": request.variant,
        "flow": request.flow,
        "strategy": manifest.strategy,
        "package": ExplainedPackage(manifest_sha256=sha256(package), git=manifest.git),
        "clock_mhz": timing.clock_mhz if timing else None,
        "fps": timing.inferences_per_second if timing else per_second,
        "fps_kind": timing.kind if timing else "measured",
    }


def _graph(context: Context) -> Graph | None:
    """The integer graph; None of a network that came as a file which cannot be read as one."""
    if not context.request.file or "integers" in context.request.table:
        return files.graph(context)
    try:
        source = open_network(file_of(context)).source
        chain = as_chain(source)
    except ModelError:
        return None
    return source.graph if chain is None else chain.graph


def _folded(context: Context, manifest: Manifest, graph: Graph | None) -> dict[str, Any]:
    """Of our own RTL."""
    timing = manifest.timing
    if timing is None:
        raise BuildError(f"{context.layout.stage('package')}: its manifest has no timing; run `make build` again")
    facts = context.facts("fold", FoldFacts)
    folding = facts.folding
    asked = WhatIf(ways_of(context), allowed(context, isinstance(folding, FoldedUnits)), timing.clock_mhz * 1e6)
    bound = "board" if asked.is_bound_by_the_board else "rate" if asked.has_faster else "form"
    return {
        "asked_fps": folding.target_fps,
        "asked_by": rate_named_by(context),
        "bound": "answer" if timing.answer_cycles else bound,
        "limits": asked.limits(),
        "ways": asked.points(),
        "one_more": asked.one_more(),
        "timed": None,
        "unknown": tuple(_unknown_of_folded(manifest)),
        "too_dense": facts.estimate.too_dense,
    }


def _unknown_of_folded(manifest: Manifest) -> Iterator[str]:
    if manifest.status == "handoff":
        yield "what Vivado makes of it: no tool has placed and routed this design; the clock is the one asked for"
    yield "the clock that another folding bears: rates of other foldings are at this build's clock"


def _finn(context: Context, manifest: Manifest, graph: Graph | None) -> dict[str, Any]:
    """Of FINN's core: what its mapping says; its foldings are searched by builds alone."""
    mapped = context.facts("map", MapFacts)
    return {
        "asked_fps": target_fps(context),
        "asked_by": rate_named_by(context),
        "bound": "mapping",
        "limits": tuple(_finn_limits(mapped)),
        "ways": (),
        "one_more": (),
        "timed": None,
        "unknown": (
            "what another folding of FINN's core costs: only a build maps it; give FPS=<rate> or FPS=max",
            *_unknown_of_folded(manifest),
        ),
    }


def _finn_limits(mapped: MapFacts) -> Iterator[Limit]:
    slowest = max(mapped.layers, key=lambda layer: layer.cycles)
    for what in ("rate", "lut", "bram", "dsp"):
        if what == "rate":
            layer, value, of = slowest, slowest.cycles, mapped.initiation_interval
        else:
            uses = {one.name: getattr(one.estimate or one.finn_estimate, what) for one in mapped.layers}
            layer = max(mapped.layers, key=lambda one: uses[one.name])
            value, of = uses[layer.name], sum(uses.values())
        if value:
            option = f"PE {layer.pe}, SIMD {layer.simd}" if layer.pe and layer.simd else ""
            yield Limit(what=what, layer=layer.name, option=option, value=value, of=of, kind="estimated")


def _processor(context: Context, manifest: Manifest, graph: Graph | None) -> dict[str, Any]:
    """Of a processor: what was timed where it was built, and where the operations are."""
    return {
        "asked_fps": None,
        "asked_by": None,
        "bound": "processor",
        "limits": _operations(graph) if graph else (),
        "ways": (),
        "one_more": (),
        "timed": _timed(manifest),
        "unknown": tuple(_unknown_of_processor(context, graph)),
    }


def _operations(graph: Graph) -> tuple[Limit, ...]:
    counts = {node.name: node.op.operations(*graph.types_into(node)) for node in graph}
    layer = max(counts, key=lambda name: counts[name])
    whole = sum(counts.values())
    return (Limit(what="operations", layer=layer, option="", value=counts[layer], of=whole, kind="counted"),)


def _timed(manifest: Manifest) -> Timed | None:
    latency = manifest.latency
    rows = [row for row in latency.rows if row.variant == latency.chosen and row.batch == 1] if latency else []
    if not rows:
        return None
    row = min(rows, key=lambda one: one.p50_us)
    return Timed(graph=row.variant, runner=row.runner, whole_us=row.p50_us, call_us=row.floor_us)


def _unknown_of_processor(context: Context, graph: Graph | None) -> Iterator[str]:
    if graph is None:
        yield "which layer has most operations: the file cannot be read as integers"
    yield "the time of each layer: a graph is timed as a whole"
    if context.request.board != "host":
        yield f"its time on {context.request.board}: it was timed where it was built; `make measure` times it there"


def main() -> None:
    """Print the record; what a person can mend is a line on standard error, and exit status 3."""
    try:
        told = explain(Layout(read_request(Path(sys.argv[2])), Path(sys.argv[1])))
    except GateweaveError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
    print(json.dumps(told.to_json()))


if __name__ == "__main__":
    main()
