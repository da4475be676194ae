"""A chosen core of units as plain data: what `fold` writes and `generate` reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hls.fold_graph import Sized
from hls.graph_core import GraphCore
from hls.graph_netlist import build_netlist
from hls.graph_stages import output_tensor, stages_of
from hls.memories import Resources
from hls.netlist import Netlist, SmallRam
from hls.units.stage import Option, Stage
from toolchain.errors import BuildError
from toolchain.graph.graph import Graph
from toolchain.graph.types import TensorType


@dataclass(frozen=True)
class StageFolding:
    """How one stage is built.

    Attributes:
        tensor: the node of the graph whose tensor it yields; `shape` and `bits` are the tensor's, and an element's.
        option: the name of the chosen option, such as ``"PE 4, SIMD 8"``.
        cycles: clocks between inferences at least.
        lut, ff, bram, dsp: estimated; `bram` counts blocks.
    """

    tensor: str
    shape: tuple[int, ...]
    bits: int
    option: str
    cycles: int
    lut: int
    ff: int
    bram: int
    dsp: int


@dataclass(frozen=True)
class FifoDepth:
    """A FIFO of the netlist, in its order.

    Attributes:
        source, sink: the stages before and behind it, by their tensors; at the core's ends `INPUT` and `OUTPUT`.
        bits: of one beat.
        block: whether the beats lie in block RAM.
    """

    source: str
    sink: str
    bits: int
    depth: int
    block: bool


@dataclass(frozen=True)
class GraphFolding:
    """A folding of a graph.

    Attributes:
        initiation_interval: clock cycles between inferences, as the tokens say.
        latency_cycles: from the first beat that goes in to the last that comes out, as the tokens say.
        fps: inferences per second at `clock_hz`.
        target_fps: what was asked for; None: the fastest that fits.
        estimate: estimated ``lut``, ``ff``, ``bram`` (blocks) and ``dsp`` of the core.
        small_ram: how small memories are made.
    """

    strategy: str
    stages: tuple[StageFolding, ...]
    fifos: tuple[FifoDepth, ...]
    initiation_interval: int
    latency_cycles: int
    fps: float
    clock_hz: int
    target_fps: float | None
    estimate: dict[str, int]
    small_ram: SmallRam

    @property
    def tensors(self) -> tuple[str, ...]:
        """Those that the stages yield: they tell which form of the graph is built."""
        return tuple(stage.tensor for stage in self.stages)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON value of the folding."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> GraphFolding:
        """Read what `to_json` made.

        Raises:
            BuildError: a key is missing or unknown.
        """
        try:
            fields = dict(raw)
            stages = tuple(StageFolding(**{**stage, "shape": tuple(stage["shape"])}) for stage in fields.pop("stages"))
            fifos = tuple(FifoDepth(**fifo) for fifo in fields.pop("fifos"))
            return cls(stages=stages, fifos=fifos, **fields)
        except (KeyError, TypeError) as error:
            raise BuildError(f"folding.json: not a folding ({error}); build again from the fold stage") from error


def folding_of(graph: Graph, core: GraphCore, clock_hz: int, target_fps: float | None) -> GraphFolding:
    """A core as plain data."""
    interval = math.ceil(core.tokens.interval)
    return GraphFolding(
        strategy="units",
        stages=tuple(_stage(graph.types[name], name, sized) for name, sized in core.folded.chosen.items()),
        fifos=_fifos(core.netlist),
        initiation_interval=interval,
        latency_cycles=core.tokens.latency,
        fps=clock_hz / interval,
        clock_hz=clock_hz,
        target_fps=target_fps,
        estimate=whole_numbers(core.resources),
        small_ram=core.netlist.small_ram,
    )


def netlist_of(graph: Graph, folding: GraphFolding) -> Netlist:
    """The netlist that a folding describes.

    Raises:
        BuildError: it is a folding of another graph, or of other units than there are now.
    """
    stages = stages_of(graph)
    chosen = {stage.tensor: option for stage, option in zip(stages, _options(stages, folding), strict=True)}
    netlist = build_netlist(graph, stages, chosen, output_tensor(graph)).made_of(folding.small_ram)
    netlist = netlist.with_depths({i: (f.depth, f.block) for i, f in enumerate(folding.fifos[: len(netlist.fifos)])})
    if _fifos(netlist) != folding.fifos:
        raise BuildError(f"folding.json: its FIFOs are not those of the network; {_AGAIN}")
    return netlist


def whole_numbers(resources: Resources) -> dict[str, int]:
    """Estimated resources as reports name them."""
    return {"lut": round(resources.lut), "ff": round(resources.ff), "bram": resources.blocks, "dsp": resources.dsp}


_AGAIN = "build again from the fold stage"


def _options(stages: Sequence[Stage], folding: GraphFolding) -> list[Option]:
    if [stage.tensor for stage in stages] != [stage.tensor for stage in folding.stages]:
        raise BuildError(f"folding.json: its stages are not those of the network; {_AGAIN}")
    return [_option(stage, said.option) for stage, said in zip(stages, folding.stages, strict=True)]


def _option(stage: Stage, name: str) -> Option:
    for option in stage.options:
        if option.name == name:
            return option
    raise BuildError(f"folding.json: {stage.tensor}: no option {name!r}; {_AGAIN}")


def _stage(kind: TensorType, tensor: str, sized: Sized) -> StageFolding:
    option, use = sized.option, whole_numbers(sized.resources)
    return StageFolding(tensor, kind.shape, kind.element.bits, option.name, option.cycles, **use)


def _fifos(netlist: Netlist) -> tuple[FifoDepth, ...]:
    return tuple(FifoDepth(*netlist.ends(f), f.stream.width, f.depth, f.block) for f in netlist.fifos)
