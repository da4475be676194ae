"""A plain evaluation of token behaviour, clock by clock: when a unit between two FIFOs takes and pushes its beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.units.tokens import Hold, Take, Tokens

# Clocks without any beat moving after which a unit is stuck; gates close for 200 at most.
STUCK = 5000


@dataclass(frozen=True)
class Clocks:
    """The clock of each beat taken from each input, and of each push (the same for all outputs); the last clock."""

    takes: list[NDArray[np.int64]]
    pushes: NDArray[np.int64]
    last: int


class _Fifo:
    """Counts of a FIFO: `taken` places are reserved or filled, `stored` beats can leave."""

    def __init__(self, depth: int) -> None:
        self.depth, self.taken, self.stored = depth, 0, 0

    def step(self, reserve: bool, push: bool, pop: bool) -> None:
        self.taken += reserve - pop
        self.stored += push - pop
        assert 0 <= self.stored <= self.taken <= self.depth


class _Input:
    """What operations need of one input; `number` counts operations over all inferences."""

    def __init__(self, how: Take | Hold, inferences: int) -> None:
        self.how, self.written, self.freed = how, 0, 0
        # Lists, since single elements of arrays are slow.
        self.flags = (how.at if isinstance(how, Take) else how.takes).tolist()
        self.needs, self.frees = ([], []) if isinstance(how, Take) else (how.needs.tolist(), how.frees.tolist())
        self.operations = len(self.needs or self.flags)
        self.beats = sum(self.flags) * inferences

    def ready(self, number: int, valid: bool) -> bool:
        inference, operation = divmod(number, self.operations)
        if isinstance(self.how, Take):
            return valid or not self.flags[operation]
        if self.how.one_port and self.writes(valid):
            return False
        return self.written >= inference * len(self.flags) + self.needs[operation]

    def writes(self, valid: bool) -> bool:
        """Whether a word is written in this clock; padding of an inference that does not come is, too."""
        assert isinstance(self.how, Hold)
        return self.written - self.freed < self.how.capacity and (valid or not self._takes)

    @property
    def _takes(self) -> bool:
        """Whether the next word is a beat."""
        return bool(self.flags[self.written % len(self.flags)])

    def step(self, number: int, issued: bool, valid: bool) -> bool:
        """Whether a beat is taken in this clock."""
        inference, operation = divmod(number, self.operations)
        if isinstance(self.how, Take):
            return issued and bool(self.flags[operation])
        takes, writes = self._takes, self.writes(valid)
        self.written += writes
        if issued:
            self.freed = inference * len(self.flags) + self.frees[operation]
        return writes and takes


def clocks(
    tokens: Tokens,
    inferences: int,
    depths: tuple[int, int],
    sources: NDArray[np.bool_],
    sinks: NDArray[np.bool_],
) -> Clocks:
    """When a unit between FIFOs of such depths, before and behind, takes and pushes.

    Args:
        sources, sinks: whether the source of each input and the sink of each output may move in each clock of a
            period, shape (period, inputs) and (period, outputs).
    """
    inputs = [_Input(how, inferences) for how in tokens.inputs]
    before, behind = [_Fifo(depths[0]) for _ in inputs], [_Fifo(depths[1]) for _ in range(sinks.shape[1])]
    left = [each.beats for each in inputs]
    takes: list[list[int]] = [[] for _ in inputs]
    pushes: list[int] = []
    clock = number = popped = moved = 0
    source_gates, sink_gates, all_yields = sources.tolist(), sinks.tolist(), tokens.yields.tolist()
    operations, last = tokens.operations, sum(all_yields) * inferences * len(behind)
    while popped < last or any(left) or any(f.stored for f in before):
        offers, opens = source_gates[clock % len(source_gates)], sink_gates[clock % len(sink_gates)]
        valid = [fifo.stored > 0 for fifo in before]
        yields = bool(all_yields[number % operations])
        issued = number < operations * inferences
        issued = issued and all(each.ready(number, v) for each, v in zip(inputs, valid, strict=True))
        issued = issued and not (yields and any(fifo.taken == fifo.depth for fifo in behind))
        if issued and yields:
            pushes.append(clock + tokens.latency)
        for i, (each, fifo) in enumerate(zip(inputs, before, strict=True)):
            taken = each.step(number, issued, valid[i])
            push = bool(offers[i]) and left[i] > 0 and fifo.taken < fifo.depth
            fifo.step(push, push, taken)
            left[i] -= push
            if taken:
                takes[i].append(clock)
        push = bool(pushes) and clock in pushes[-tokens.latency - 1 :]
        for j, fifo in enumerate(behind):
            pop = fifo.stored > 0 and bool(opens[j])
            fifo.step(issued and yields, push, pop)
            popped += pop
        if issued or any(t and t[-1] == clock for t in takes):
            moved = clock
        assert clock - moved < STUCK, f"stuck in operation {number} of {operations} an inference"
        number += issued
        clock += 1
    return Clocks([np.array(t, np.int64) for t in takes], np.array(pushes, np.int64), clock)
