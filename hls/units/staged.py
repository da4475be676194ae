"""What lets a core stop early: flags of stages, gates before what stays idle, and the answer that counts.

A gate drops the beats of an inference that ends at an earlier stage, so the units behind it take no beat of it.
The tokens of `gate` and `decide` are those of an inference that runs through all stages: no other takes longer, and
FIFOs that are deep enough for those are deep enough for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hls.netlist import Wire, Wiring
from hls.plan import divisors
from hls.units.stage import Option, Stage, counted, single
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every, first_of, last_of
from hls.units.unit import Needs, Unit
from toolchain.device.link.settings import Setting
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Chosen, Decide, Gate
from toolchain.graph.ops.staged import Flag, greatest_margin
from toolchain.graph.types import IntType

_FLAG, _THRESHOLD = IntType(0, 1), "threshold"
# What waits for the later answer rests (`hls.resting`): `rests.v` and the enable in it, as synthesised of 13 units.
_REST_LUT, _REST_FF = 120, 32


def settings_in(graph: Graph) -> tuple[Setting, ...]:
    """What a host may change in a network of several stages at run time, by stage; nothing of another network."""
    found = (setting_of(graph, node) for node in graph if isinstance(node.op, Flag))
    ordered = sorted(found, key=lambda setting: int(setting.name.removeprefix(_THRESHOLD)))
    return tuple(replace(setting, number=number) for number, setting in enumerate(ordered))


def setting_of(graph: Graph, node: Node) -> Setting:
    """The threshold of a flag."""
    op = node.op
    assert isinstance(op, Flag)
    if isinstance(op, Chosen):
        most, meaning = 1, f"0: the network ends at {op.width} % of its channels; 1: it is wider"
    else:
        most = greatest_margin(graph.types_into(node)[0])
        meaning = f"lead from which stage {op.stage} answers"
    name, bits = f"{_THRESHOLD}{op.stage}", max(1, most.bit_length())
    return Setting(name=name, bits=bits, signed=False, low=0, high=most, reset=op.margin, meaning=meaning)


def build_confident(name: str, scores: Stream, threshold: Setting) -> Unit:
    """The unit of `confident.v` behind scores, one a beat; its threshold in units of their values."""
    step = scores.element.step
    counter = (scores.beats - 1).bit_length()
    return Unit(
        name=name,
        module="confident",
        parameters={
            "CLASSES": scores.beats,
            "BITS": scores.bits,
            "STEP": step,
            "THRESHOLD_BITS": threshold.bits,
        },
        inputs=(scores,),
        outputs=(Stream(_FLAG, 1, 1),),
        cycles=scores.beats,
        tokens=lambda: Tokens((Take(every(scores.beats)),), last_of(1, scores.beats), 3),
        needs=Needs(lut=5 * scores.bits + 2 * counter, ff=3 * scores.bits + counter + 6),
        settings={"threshold": threshold},
    )


def build_chosen(name: str, stream: Stream, threshold: Setting) -> Unit:
    """The unit of `chosen.v` beside a stream of the network's input."""
    counter = max(1, (stream.beats - 1).bit_length())
    return Unit(
        name=name,
        module="chosen",
        parameters={"WIDTH": stream.width, "BEATS": stream.beats},
        inputs=(stream,),
        outputs=(Stream(_FLAG, 1, 1),),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), first_of(1, stream.beats), 0),
        needs=Needs(lut=2 * counter + 4, ff=counter + 1),
        settings={"threshold": threshold},
    )


def build_gate(name: str, stream: Stream, flag: Stream) -> Unit:
    """The unit of `gate.v` behind a stream and its flags."""
    counter = max(1, (stream.beats - 1).bit_length())
    return Unit(
        name=name,
        module="gate",
        parameters={"WIDTH": stream.width, "BEATS": stream.beats},
        inputs=(stream, flag),
        outputs=(Stream(stream.element, stream.lanes, stream.beats),),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)), Take(first_of(1, stream.beats))), every(stream.beats), 0),
        needs=Needs(lut=2 * counter + 6, ff=counter + 2),
    )


def build_decide(name: str, streams: Sequence[Stream], element: IntType, op: Decide) -> Unit:
    """The unit of `decide.v` behind flags, scores and later answers, which count as `element` does."""
    flag, scores, later = streams
    beats, bits = scores.beats + 1, element.bits
    counter = beats.bit_length()
    numbers = {"OWN": op.own, "OTHER": element.low if op.other is None else op.other}
    return Unit(
        name=name,
        module="decide",
        parameters={
            "CLASSES": scores.beats,
            "LATER": later.beats,
            "BITS": bits,
            **{key: (value - element.low) // element.step for key, value in numbers.items()},
        },
        inputs=(flag, scores, later),
        outputs=(Stream(element, 1, beats),),
        cycles=beats,
        tokens=lambda: Tokens(
            (
                Take(first_of(1, beats)),
                Take(~last_of(1, beats)),
                Take(every(beats) if later.beats == beats else ~last_of(1, beats)),
            ),
            every(beats),
            1,
        ),
        needs=Needs(lut=2 * bits + 2 * counter + 8 + _REST_LUT, ff=bits + counter + 4 + _REST_FF),
    )


def confident_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Confident`, built in one way; the host may change its threshold."""
    (x,), threshold = graph.types_into(node), setting_of(graph, node)
    unit = build_confident("confident", Stream(x.element, 1, x.size), threshold)
    made = single(lambda name, streams: build_confident(name, streams[0], threshold))
    return Stage(node.name, node.inputs, (Option("1 lane", unit.cycles, unit.needs, (1,), 1, made),))


def chosen_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Chosen`, of as many lanes as the input; the host may change it."""
    (x,), threshold = graph.types_into(node), setting_of(graph, node)
    made = single(lambda name, streams: build_chosen(name, streams[0], threshold))
    options = []
    for lanes in divisors(x.channels):
        unit = build_chosen("chosen", Stream(x.element, lanes, x.size // lanes), threshold)
        options.append(Option(f"{lanes} lanes", unit.cycles, unit.needs, (lanes,), 1, made))
    return Stage(node.name, node.inputs, tuple(options))


def gate_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Gate`, of as many lanes as what it lets through."""
    assert isinstance(node.op, Gate)
    x, _ = graph.types_into(node)
    made = single(lambda name, streams: build_gate(name, *streams))
    options = []
    for lanes in divisors(x.channels):
        unit = build_gate("gate", Stream(x.element, lanes, x.size // lanes), Stream(_FLAG, 1, 1))
        options.append(Option(f"{lanes} lanes", unit.cycles, unit.needs, (lanes, 1), lanes, made))
    return Stage(node.name, node.inputs, tuple(options))


def decide_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Decide`, built in one way: what comes in is made to count as the result does."""
    op, element = node.op, graph.types[node.name].element
    assert isinstance(op, Decide)

    def made(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        flag, *others = wires
        alike = [counted(f"{name}_count{i}", wiring, wire, element) for i, wire in enumerate(others)]
        unit = build_decide(name, [flag.stream, *(wire.stream for wire in alike)], element, op)
        (wire,) = wiring.add(unit, flag, *alike)
        return wire

    _, scores, later = graph.types_into(node)
    streams = [Stream(_FLAG, 1, 1), Stream(element, 1, scores.size), Stream(element, 1, later.size)]
    unit = build_decide("decide", streams, element, op)
    return Stage(node.name, node.inputs, (Option("1 lane", unit.cycles, unit.needs, (1, 1, 1), 1, made),))
