"""A core of units as the record of the fold stage: what `fold` writes and `generate` reads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hls.fold_graph import Sized
from hls.graph_core import GraphCore
from hls.graph_netlist import build_netlist
from hls.graph_stages import output_tensor, stages_of
from hls.memories import Resources
from hls.netlist import Fifo, Netlist
from hls.units.stage import Option, Stage
from toolchain.errors import BuildError
from toolchain.graph.graph import Graph
from toolchain.graph.types import TensorType
from toolchain.results.folding import FifoDepth, FoldedUnits, FoldedUse, StageFolding

_AGAIN = "build again from the fold stage"


def folding_of(graph: Graph, core: GraphCore, clock_hz: int, target_fps: float | None) -> FoldedUnits:
    """A core as a record."""
    interval = math.ceil(core.tokens.interval)
    return FoldedUnits(
        strategy="units",
        stages=tuple(_stage(graph.types[name], name, sized) for name, sized in core.folded.chosen.items()),
        fifos=_fifos(core.netlist),
        initiation_interval=interval,
        latency_cycles=core.tokens.latency,
        fps=clock_hz / interval,
        clock_hz=clock_hz,
        target_fps=target_fps,
        estimate=use_of(core.resources),
        small_ram=core.netlist.small_ram,
        one_port=tuple(unit.name for unit in core.netlist.units if unit.needs.one_port),
        shared=core.netlist.shared,
    )


def netlist_of(graph: Graph, folding: FoldedUnits) -> Netlist:
    """The netlist that a folding describes.

    Raises:
        BuildError: it is a folding of another graph, or of other units than there are now.
    """
    stages = stages_of(graph, loads=True)
    chosen = {stage.tensor: option for stage, option in zip(stages, _options(stages, folding), strict=True)}
    netlist = build_netlist(graph, stages, chosen, output_tensor(graph)).made_of(folding.small_ram)
    netlist = netlist.in_one_port(folding.one_port).sharing(_pairs(netlist, folding))
    netlist = netlist.with_depths({i: (f.depth, f.block) for i, f in enumerate(folding.fifos[: len(netlist.fifos)])})
    if _fifos(netlist) != folding.fifos:
        raise BuildError(f"folding.json: its FIFOs are not those of the network; {_AGAIN}")
    return netlist


def _pairs(netlist: Netlist, folding: FoldedUnits) -> tuple[tuple[str, str], ...]:
    """Those whose ROMs share a memory."""
    names = {unit.name for unit in netlist.units if unit.shareable}
    for name in (name for pair in folding.shared for name in pair):
        if name not in names:
            raise BuildError(f"folding.json: {name} has no ROM that it could share; {_AGAIN}")
        names.remove(name)
    return folding.shared


def use_of(resources: Resources) -> FoldedUse:
    """Estimated resources in whole numbers."""
    return FoldedUse(lut=round(resources.lut), ff=round(resources.ff), bram=resources.blocks, dsp=resources.dsp)


def _options(stages: Sequence[Stage], folding: FoldedUnits) -> list[Option]:
    if [stage.tensor for stage in stages] != [stage.tensor for stage in folding.stages]:
        raise BuildError(f"folding.json: its stages are not those of the network; {_AGAIN}")
    return [_option(stage, said.option) for stage, said in zip(stages, folding.stages, strict=True)]


def _option(stage: Stage, name: str) -> Option:
    for option in stage.options:
        if option.name == name:
            return option
    raise BuildError(f"folding.json: {stage.tensor}: no option {name!r}; {_AGAIN}")


def _stage(kind: TensorType, tensor: str, sized: Sized) -> StageFolding:
    option, element = sized.option, kind.element
    return StageFolding(
        tensor=tensor,
        shape=kind.shape,
        bits=element.bits,
        option=option.name,
        cycles=option.cycles,
        **dict(use_of(sized.resources)),
    )


def _fifos(netlist: Netlist) -> tuple[FifoDepth, ...]:
    return tuple(_fifo(netlist, fifo) for fifo in netlist.fifos)


def _fifo(netlist: Netlist, fifo: Fifo) -> FifoDepth:
    source, sink = netlist.ends(fifo)
    return FifoDepth(source=source, sink=sink, bits=fifo.stream.width, depth=fifo.depth, block=fifo.block)
