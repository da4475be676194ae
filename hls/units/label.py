"""The channel of the greatest code: the unit of `label.v`."""

from __future__ import annotations

from hls.units.stage import Option, Stage, single
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every, last_of
from hls.units.unit import Needs, Unit
from toolchain.graph.graph import Graph, Node


def build(name: str, stream: Stream, out: Stream) -> Unit:
    """The unit behind a stream of one lane, channels last; one beat out for each position."""
    classes = stream.beats // out.beats
    return Unit(
        name=name,
        module="label",
        parameters={"CLASSES": classes, "BITS": stream.bits, "INDEX_BITS": out.bits},
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), last_of(out.beats, classes), 2),
        needs=Needs(lut=2 * stream.bits + 4 * out.bits, ff=2 * stream.bits + 4 * out.bits + 3),
    )


def stage(graph: Graph, node: Node) -> Stage:
    """The stage of an `ArgMax`, built in one way."""
    (x,), out = graph.types_into(node), graph.types[node.name]
    streams = Stream(x.element, 1, x.size), Stream(out.element, 1, out.size)

    made, unit = single(lambda name, _: build(name, *streams)), build("label", *streams)
    return Stage(node.name, node.inputs, (Option("1 lane", unit.cycles, unit.needs, (1,), 1, made),))
