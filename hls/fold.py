"""Folding: how many neurons (PE) and inputs (SIMD) of each layer work in parallel, for a rate on a device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hls.arithmetic import LayerArithmetic, analyse
from hls.cost import (
    BlockRam,
    Cost,
    Memories,
    converter,
    layer_cost,
    threshold_rom,
    total,
    weight_rom,
)
from hls.fitting import largest_layer, least, shortage
from hls.plan import LayerPlan, divisors, interval, output_lanes, plan_layers
from hls.unrolled.fabric import USUAL
from toolchain.errors import ConfigError, FitError, TooLargeError
from toolchain.graph.dense import DenseNetwork
from toolchain.results.folding import FoldedUse, Folding, LayerFolding

# LUTs that a kilobit of block RAM must save to be used; tried in turn, so that scarce blocks go where they save most.
_PRICES = (1.0, 2.0, 4.0, 8.0, 16.0, 1e9)

_Path = tuple[float, list[tuple[int, int]]]
"""What the layers so far take, and (PE, SIMD) of each and of the next one."""


@dataclass(frozen=True)
class Capacity:
    """What the core and the rest of the chip may use, the board's share already taken.

    Attributes:
        bram_kbit: kilobits of block RAM in all; 0 keeps every ROM in LUTs.
        block: the device's block RAM.
    """

    lut: int
    ff: int
    bram_kbit: int
    block: BlockRam


def choose_folding(
    network: DenseNetwork,
    *,
    clock_hz: int,
    target_fps: float | None,
    capacity: Capacity,
    strategy: str,
    fixed_lut: int = 0,
    beat_bit: float = 0.0,
    strict: bool = True,
    family: str = USUAL,
) -> Folding:
    """Fewest LUTs (estimated) that reach `target_fps`; with None the fastest folding that fits.

    Args:
        fixed_lut: LUTs of the rest of the chip.
        beat_bit: LUTs, and flip-flops, that the rest of the chip takes besides for each bit of a beat: an unrolled
            core's whole vector comes in one, or where there is no room for that, in several.
        strict: whether a rate out of reach is an error; else the fastest that fits is taken, and has no target.
        family: the board's `fpga.family`, whose cells an unrolled core is made for.

    Raises:
        TooLargeError: nothing fits; by how much, and which layer is largest.
        FitError: the rate is out of reach, with the best that fits.
        ConfigError: a rate that is not positive, or an unknown strategy.
        ModelError: the hardware cannot compute a layer.
    """
    if target_fps is not None and not target_fps > 0:
        raise ConfigError(f"FPS={target_fps}: the rate must be above 0; give a number or FPS=max")
    if strategy in {"unrolled", "unrolled-rom"}:
        from hls.unrolled.folding import Room, fold_unrolled

        reached = strict or target_fps is None or target_fps <= clock_hz
        blocks = capacity.bram_kbit // capacity.block.kbit
        always = strategy == "unrolled-rom"
        room = Room(capacity.lut - fixed_lut, capacity.ff, beat_bit, capacity.block.lone_ff > 0, blocks, always)
        instead = partial(_instead, network, clock_hz, capacity, fixed_lut)
        return fold_unrolled(network, clock_hz, target_fps if reached else None, room, family, instead)
    if strategy != "folded":
        raise ConfigError(f"STRATEGY={strategy}: unknown; allowed are folded, unrolled and unrolled-rom")
    search = Search(analyse(network), capacity, fixed_lut)
    if target_fps is not None and (found := search.within(int(clock_hz / target_fps))):
        return _folding(found, clock_hz, target_fps)
    fastest = search.fastest()
    if target_fps is not None and strict:
        raise FitError(_out_of_reach(target_fps, clock_hz, fastest))
    return _folding(fastest, clock_hz, None)


@dataclass(frozen=True)
class Choice:
    """A folding of the chain, where its memories lie, and what the core is estimated to take."""

    plans: tuple[LayerPlan, ...]
    memories: Memories
    cost: Cost


def _choice(plans: Sequence[LayerPlan], memories: Memories) -> Choice:
    return Choice(tuple(plans), memories, total(layer_cost(plan, memories) for plan in plans))


def _folding(choice: Choice, clock_hz: int, target_fps: float | None) -> Folding:
    cycles = interval(choice.plans)
    layers = tuple(
        LayerFolding(
            plan.arithmetic.layer.name,
            plan.pe,
            plan.simd,
            plan.cycles,
            weight_rom(plan, choice.memories)[0],
            threshold_rom(plan, choice.memories)[0],
        )
        for plan in choice.plans
    )
    estimate = _rounded(choice.cost)
    return Folding("folded", layers, cycles, clock_hz / cycles, clock_hz, target_fps, estimate)


def _rounded(cost: Cost) -> FoldedUse:
    return FoldedUse(lut=round(cost.lut), ff=round(cost.ff), bram=cost.blocks)


def _out_of_reach(target_fps: float, clock_hz: int, fastest: Choice) -> str:
    cycles = interval(fastest.plans)
    return (
        f"{target_fps:g} inferences/s at {clock_hz / 1e6:g} MHz leave {int(clock_hz / target_fps)} cycles each; "
        f"the best that fits is {clock_hz // cycles} inferences/s ({cycles} cycles, estimated "
        f"{round(fastest.cost.lut)} LUT): lower FPS, shrink the network or take a larger board"
    )


class Search:
    """Exact search over the chain of layers, for one device."""

    def __init__(self, arithmetic: Sequence[LayerArithmetic], capacity: Capacity, fixed_lut: int) -> None:
        self.arithmetic = arithmetic
        self.capacity = capacity
        self.lut = capacity.lut - fixed_lut
        self.cache: dict[tuple[int, int, int, int, Memories], Cost] = {}

    def within(self, cycles: int) -> Choice | None:
        """Fewest LUTs with an interval of at most `cycles` that fits; None where nothing does."""
        fitting = [choice for choice in self._candidates(cycles) if self._fits(choice.cost)]
        return min(fitting, key=lambda choice: (choice.cost.lut, choice.cost.blocks), default=None)

    def fastest(self) -> Choice:
        """The folding of the least interval that fits."""
        steps = self.steps
        best = least(steps, self.within)
        if best is None:
            raise TooLargeError(self._too_large(steps[-1]))
        return best

    @property
    def steps(self) -> list[int]:
        """All intervals that a layer may have, ascending."""
        return sorted(set(self._intervals()))

    def _intervals(self) -> Iterator[int]:
        for layer in self.arithmetic:
            for pe in divisors(layer.layer.outputs):
                for simd in divisors(layer.layer.inputs):
                    yield layer.layer.outputs // pe * (layer.layer.inputs // simd)

    def _fits(self, cost: Cost) -> bool:
        kbit = cost.blocks * self.capacity.block.kbit
        return cost.lut <= self.lut and cost.ff <= self.capacity.ff and kbit <= self.capacity.bram_kbit

    def taken(self, folding: Folding) -> Choice | None:
        """The choice that a folding records; None where it is none of these."""
        pairs = [(layer.pe, layer.simd) for layer in folding.layers]
        plans = plan_layers(self.arithmetic, pairs)
        roms = [(layer.weight_rom, layer.threshold_rom) for layer in folding.layers]
        for memories in self._memories():
            if roms == [(weight_rom(plan, memories)[0], threshold_rom(plan, memories)[0]) for plan in plans]:
                return _choice(plans, memories)
        return None

    def _memories(self) -> Iterator[Memories]:
        """Where ROMs may lie, by what a block RAM is worth."""
        block = self.capacity.block if self.capacity.bram_kbit else None
        for price in _PRICES if block else _PRICES[:1]:
            yield Memories(block, price * block.kbit if block else 0.0)

    def _candidates(self, cycles: int) -> Iterator[Choice]:
        for memories in self._memories():
            pairs = self._cheapest(cycles, memories)
            if pairs is not None:
                yield _choice(plan_layers(self.arithmetic, pairs), memories)

    def _options(self, index: int, cycles: int) -> list[tuple[int, int]]:
        layer = self.arithmetic[index].layer
        return [
            (pe, simd)
            for pe in divisors(layer.outputs)
            for simd in divisors(layer.inputs)
            if layer.outputs // pe * (layer.inputs // simd) <= cycles
        ]

    def _cheapest(self, cycles: int, memories: Memories) -> list[tuple[int, int]] | None:
        """Dynamic programme over the layers: (PE, SIMD) of each, least LUTs plus the price of the block RAMs."""
        last = len(self.arithmetic) - 1
        if cycles < self.arithmetic[last].layer.outputs:
            return None
        best: dict[tuple[int, int], _Path] = {option: (0.0, [option]) for option in self._options(0, cycles)}
        for index in range(last):
            best = self._extend(index, best, self._options(index + 1, cycles), memories)
        finished = [(spent + self._price(last, option, 1, memories), path) for option, (spent, path) in best.items()]
        return min(finished, default=(0.0, None))[1]

    def _extend(
        self, index: int, best: Mapping[tuple[int, int], _Path], options: list[tuple[int, int]], memories: Memories
    ) -> dict[tuple[int, int], _Path]:
        """Add layer `index`, now that the next layer's options are known; of these it sees the SIMD alone."""
        widths = {simd for _, simd in options}
        cheapest = {simd: self._before(index, best, simd, memories) for simd in widths}
        found = ((option, cheapest[option[1]]) for option in options)
        return {option: (path[0], [*path[1], option]) for option, path in found if path is not None}

    def _before(
        self, index: int, best: Mapping[tuple[int, int], _Path], next_simd: int, memories: Memories
    ) -> _Path | None:
        """The cheapest layers up to `index` before one that reads so many elements a beat; None where none suit it."""
        inputs, bits = self.arithmetic[index].layer.inputs, self.arithmetic[index + 1].inputs.bits
        result: _Path | None = None
        for (pe, simd), (spent, path) in best.items():
            lanes = output_lanes(pe, inputs // simd, next_simd)
            if lanes is None:
                continue
            joined = converter(lanes * bits, next_simd * bits).lut
            cost = spent + self._price(index, (pe, simd), lanes, memories) + joined
            if result is None or cost < result[0]:
                result = cost, path
        return result

    def _price(self, index: int, option: tuple[int, int], lanes: int, memories: Memories) -> float:
        """LUTs of one layer plus the price of its block RAMs, without the converter that feeds it."""
        key = (index, *option, lanes, memories)
        if key not in self.cache:
            pe, simd = option
            plan = LayerPlan(self.arithmetic[index], pe, simd, simd, lanes)
            self.cache[key] = layer_cost(plan, memories)
        cost = self.cache[key]
        return cost.lut + cost.blocks * min(memories.block_price, 1e6)

    def _too_large(self, cycles: int) -> str:
        smallest = min(self._candidates(cycles), key=lambda choice: self._excess(choice.cost))
        cost, kbit = smallest.cost, smallest.cost.blocks * self.capacity.block.kbit
        pairs = [
            ("LUT", cost.lut, self.lut),
            ("FF", cost.ff, self.capacity.ff),
            ("kbit of block RAM", kbit, self.capacity.bram_kbit),
        ]
        needs = [shortage(what, need, have) for what, need, have in pairs if need > have]
        return (
            f"the network does not fit: even the smallest folding needs an estimated {' and '.join(needs)}; "
            f"{self._largest(smallest)}"
        )

    def _largest(self, choice: Choice) -> str:
        costs = {plan.arithmetic.layer.name: layer_cost(plan, choice.memories) for plan in choice.plans}
        return largest_layer(costs, self._shares(choice.cost))

    def _excess(self, cost: Cost) -> float:
        return max(self._shares(cost).values())

    def _shares(self, cost: Cost) -> dict[str, float]:
        """How much of what there is a core takes, by attributes of `Cost`."""
        return {
            "lut": cost.lut / max(self.lut, 1),
            "ff": cost.ff / max(self.capacity.ff, 1),
            "blocks": cost.blocks * self.capacity.block.kbit / max(self.capacity.bram_kbit, 1),
        }


def _instead(network: DenseNetwork, clock_hz: int, capacity: Capacity, fixed_lut: int) -> str:
    """What to do with a network that is too dense to unroll, and what it would be folded."""
    folded = ""
    with contextlib.suppress(FitError):
        found = Search(analyse(network), capacity, fixed_lut).fastest()
        lut, cycles = round(found.cost.lut), interval(found.plans)
        folded = f" (an estimated {lut} LUT, one inference every {cycles} clocks, {clock_hz // cycles}/s)"
    return f"use STRATEGY=folded{folded}, train with more zeros, or take narrower layers or a larger board"
