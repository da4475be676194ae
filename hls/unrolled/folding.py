"""Whether an unrolled core fits a device, its wires too, and in how many beats its vectors come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from hls.fitting import shortage
from hls.plan import divisors
from hls.unrolled.estimate import estimate_of, least_of_layers, lut_of_digits, uses_of
from hls.unrolled.fabric import Fabric, fabric_of
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.sharing import signed_digits
from toolchain.errors import FitError, TooDenseError
from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.types import IntType
from toolchain.results.folding import FoldedUse, Folding, LayerFolding

# Bits of a beat where a vector does not come in one: two words of a block RAM, on iCE40.
_BEAT_BITS = 32
# LUT positions that a block RAM saves at most: two neurons of trained networks, of 12 bits each, saved 51.
_SAVED_A_BLOCK = 64


@dataclass(frozen=True)
class Room:
    """What a device has for a core, the rest of the chip taken off.

    Attributes:
        beat_bit: LUTs, and flip-flops, that the rest of the chip takes for each bit of a beat.
        cells: whether LUT and flip-flop are one cell, so that a register without logic before it takes a LUT's place.
        blocks: block RAMs.
        always: whether neurons go into block RAM wherever that saves LUTs; else only where the core fits no other way.
    """

    lut: int
    ff: int
    beat_bit: float = 0.0
    cells: bool = False
    blocks: int = 0
    always: bool = False

    @property
    def tried(self) -> tuple[int, ...]:
        """Block RAMs that neurons may take, one after the other until the core fits."""
        return (self.blocks,) if self.always else tuple(dict.fromkeys((0, self.blocks)))

    def lut_beside(self, network: DenseNetwork, beats: int) -> int:
        """LUTs that are left beside vectors in so many beats, which lie in registers until their last beat is in."""
        return int(self.lut - self.beat_bit * (_bits(network) // beats) - self.cells * _waiting(network, beats))


def _bits(network: DenseNetwork) -> int:
    """Of a vector."""
    return network.inputs * IntType.of(network.input_type).bits


def _waiting(network: DenseNetwork, beats: int) -> int:
    """Bits of a vector that wait in registers for its last beat."""
    return _bits(network) - _bits(network) // beats


def fold_unrolled(
    network: DenseNetwork, clock_hz: int, target_fps: float | None, room: Room, family: str, instead: Callable[[], str]
) -> Folding:
    """The unrolled core: a vector a clock, or in several beats where the rest of the chip leaves no room for that.

    Args:
        family: the board's `fpga.family`.
        instead: says what to do with a network that is too dense.

    Raises:
        TooDenseError: it needs more LUTs than there are; tells by how much, and its largest layer. Or the wires of
            a layer are foreseen to find no way; names it.
        FitError: it needs too many flip-flops, or the rate is out of reach.
        ModelError: the hardware cannot compute a layer.
    """
    if target_fps is not None and target_fps > clock_hz:
        raise FitError(f"{target_fps:g} inferences/s are out of reach: unrolled, the best is one a clock, {clock_hz}")
    ways = [beats for beats in _beats(network) if target_fps is None or target_fps * beats <= clock_hz]

    def refused(least: str, need: int, free: int, layers: Mapping[str, int]) -> TooDenseError:
        return TooDenseError(_too_dense(network, least, need, free, layers, instead), free)

    # What is out of the question is not searched for sharing, which takes minutes for it.
    least, free = least_of_layers(network, family), room.lut_beside(network, ways[-1])
    if (need := sum(least.values())) > free + _SAVED_A_BLOCK * room.always * room.blocks:
        raise refused("at least ", need, free, least)
    if (layer := _unroutable(network, fabric_of(family))) is not None:
        raise TooDenseError(f"{layer}; {instead()}", free)
    for blocks in room.tried:
        pipeline = plan_pipeline(network, clock_hz, fabric_of(family), blocks)
        estimate = estimate_of(pipeline)
        for beats in ways:
            ff = estimate["ff"] + _waiting(network, beats)
            if ff <= room.ff and estimate["lut"] <= room.lut_beside(network, beats):
                return _folding(network, clock_hz, target_fps, beats, pipeline, estimate | {"ff": ff})
    if estimate["ff"] > room.ff:
        short = shortage("FF", estimate["ff"], room.ff)
        raise FitError(f"unrolled, the network needs an estimated {short}: use STRATEGY=folded, or a lower CLOCK")
    layers = {name: use.lut for name, use in uses_of(network, pipeline).items()}
    raise refused("", estimate["lut"], free, layers)


def _unroutable(network: DenseNetwork, fabric: Fabric) -> str | None:
    """The densest layer, in words, where its wires are foreseen to find no way; None where all of them do."""
    # Beside neurons that are tables nothing is folded, so whether it routes the router says.
    if any(layer.table is not None for layer in network.layers):
        return None
    lut, layer = max(((_lut(layer), layer) for layer in network.layers), key=itemgetter(0))
    if fabric.routes(lut):
        return None
    return (
        f"unrolled, the wires of layer {layer.name} are foreseen to find no way: {np.count_nonzero(layer.weights):,} "
        f"connections of {layer.inputs} inputs to {layer.outputs} neurons, an estimated {lut:,} LUT (of one layer up "
        f"to {fabric.routed:,} are taken to route)"
    )


def _lut(layer: DenseLayer) -> int:
    digits = int(np.count_nonzero(signed_digits(layer.weights)))
    return round(lut_of_digits(digits, layer.outputs, IntType.of(layer.input_type).bits))


def _folding(
    network: DenseNetwork,
    clock_hz: int,
    target_fps: float | None,
    beats: int,
    pipeline: Pipeline,
    estimate: Mapping[str, int],
) -> Folding:
    uses = uses_of(network, pipeline)
    layers = tuple(
        LayerFolding(layer.name, layer.outputs, layer.inputs, 1, tables=use.tables, blocks=use.blocks)
        for layer, use in ((layer, uses[layer.name]) for layer in network.layers)
    )
    return Folding("unrolled", layers, beats, clock_hz / beats, clock_hz, target_fps, FoldedUse(**estimate))


def _beats(network: DenseNetwork) -> Iterator[int]:
    """In how many beats a vector may come, the fewest first: in one, or in the widest narrow ones."""
    yield 1
    if (beats := narrow_beats(network.inputs, IntType.of(network.input_type).bits)) > 1:
        yield beats


def narrow_beats(elements: int, bits: int) -> int:
    """In how many beats a vector of elements of so many bits comes at the widest narrow ones."""
    lanes = max(1, _BEAT_BITS // bits)
    return elements // max(some for some in divisors(elements) if some <= lanes)


def _too_dense(
    network: DenseNetwork, least: str, need: int, free: int, layers: Mapping[str, int], instead: Callable[[], str]
) -> str:
    """That a network is too dense to unroll: what it needs and what there is, its largest layer, and what to do."""
    largest = max(layers, key=lambda name: layers[name])
    tables = any(layer.table is not None for layer in network.layers)
    return (
        f"unrolled, the network needs {least}an estimated {shortage('LUT', need, free)}, {layers[largest]} of them for "
        f"its layer {largest}: {_fewer(network, free / need) if tables else instead()}"
    )


def _fewer(network: DenseNetwork, share: float) -> str:
    """What to do with too many neurons that are tables, by the share of them that would fit."""
    tables, classes = network.layers[:-1], network.classes
    fewer = [int(layer.outputs * share) // classes * classes for layer in tables]
    such = f", such as {_listed(fewer)} in place of {_listed(layer.outputs for layer in tables)}," if all(fewer) else ""
    return f"take fewer neurons{such} or a larger board; neurons that are look-up tables are not folded"


def _listed(counts: Iterable[int]) -> str:
    return " and ".join(map(str, counts))
