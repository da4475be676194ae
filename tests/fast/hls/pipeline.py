"""The handshakes of a folded core, cycle by cycle: each unit as its Verilog in hls/rtl does them, without data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hls.plan import LayerPlan


class Unit:
    """One unit; `ready` tells whether it takes a beat now, `tick` ends the cycle.

    Attributes:
        valid: whether a beat leaves as soon as it is taken.
        last: whether that beat ends a vector.
    """

    valid = False
    last = False

    def ready(self, arriving: bool, wanted: bool) -> bool:
        """Whether a beat is taken, were one `arriving` and a beat that leaves `wanted`."""
        return not self.valid or wanted

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        """One clock edge: a beat came in (`take`), the next unit was ready (`wanted`), the beat ended a vector."""
        raise NotImplementedError


class Converter(Unit):
    """width_converter.v."""

    def __init__(self, arriving: int, leaving: int) -> None:
        self.up, self.ratio, self.held = leaving > arriving, max(arriving, leaving) // min(arriving, leaving), 0

    def ready(self, arriving: bool, wanted: bool) -> bool:
        return (not self.valid or wanted) if self.up else self.held == 0 or (self.held == 1 and wanted)

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        given = self.valid and wanted
        if self.up:
            self.held = (0 if given else self.held) + take
        else:
            self.held = self.ratio if take else self.held - given
        self.valid = self.held == self.ratio if self.up else self.held > 0


class Buffer(Unit):
    """vector_buffer.v."""

    def __init__(self, beats: int, plays: int) -> None:
        self.beats, self.plays = beats, plays
        self.written = self.read = self.played = self.complete = 0

    def ready(self, arriving: bool, wanted: bool) -> bool:
        return self.complete < 2

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        present = self.complete > 0 or self.read != self.written
        filled = take and self.written == self.beats - 1
        freed = False
        if wanted or not self.valid:
            self.valid = present
            if present:
                self.last = self.read == self.beats - 1
                self.read = (self.read + 1) % self.beats
                freed = self.last and self.played == self.plays - 1
                self.played = (self.played + self.last) % self.plays
        self.written = (self.written + take) % self.beats
        self.complete += filled - freed


class MatrixVector(Unit):
    """mvu.v."""

    def __init__(self) -> None:
        self.primed = self.summed = self.summed_last = False

    def advances(self, wanted: bool) -> bool:
        return not (self.summed and self.summed_last and self.valid and not wanted)

    def ready(self, arriving: bool, wanted: bool) -> bool:
        return self.primed and self.advances(wanted)

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        advance, complete = self.advances(wanted), self.summed and self.summed_last
        self.valid = (advance and complete) or (self.valid and not wanted)
        if advance:
            self.summed, self.summed_last = take, last
        self.primed = True


class Search(Unit):
    """threshold_search.v."""

    def __init__(self, steps: int) -> None:
        self.steps, self.step = steps, 0
        self.arriving = False

    def ready(self, arriving: bool, wanted: bool) -> bool:
        self.arriving = arriving
        return arriving and self.step == self.steps - 1 and (not self.valid or wanted)

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        if take or (self.arriving and self.step < self.steps - 1):
            self.step = (self.step + 1) % self.steps
        self.valid = take or (self.valid and not wanted)


class Counter(Unit):
    """thresholds.v, a result a beat, or argmax.v, one for all beats of a vector."""

    def __init__(self, beats: int, primed: bool) -> None:
        self.beats, self.count, self.primed = beats, 0, primed

    def ready(self, arriving: bool, wanted: bool) -> bool:
        return self.primed and (not self.valid or wanted)

    def tick(self, take: bool, wanted: bool, last: bool) -> None:
        if not self.valid or wanted:
            self.valid = take and self.count == self.beats - 1
        self.count = (self.count + take) % self.beats
        self.primed = True


def units(plans: Sequence[LayerPlan]) -> Iterator[Unit]:
    """All units of a core in order."""
    for plan in plans:
        if plan.arriving != plan.simd:
            yield Converter(plan.arriving, plan.simd)
        yield Buffer(plan.beats, plan.folds)
        yield MatrixVector()
        if plan.pe != plan.lanes:
            yield Converter(plan.pe, plan.lanes)
        if plan.arithmetic.outputs is not None:
            yield Search(plan.arithmetic.outputs.bits) if plan.search else Counter(1, primed=False)
    yield Counter(plans[-1].arithmetic.layer.outputs, primed=True)


def class_cycles(plans: Sequence[LayerPlan], vectors: int) -> list[int]:
    """Clock cycle of each class, counted from the first input beat: a lone vector, then all others at once."""
    chain, arrivals, sent, first, cycle = list(units(plans)), list[int](), 0, 0, 0
    while len(arrivals) < vectors:
        offered = sent < plans[0].beats * (vectors if arrivals else 1)
        arriving = [offered, *(unit.valid for unit in chain)]
        last = [False, *(unit.last for unit in chain)]
        wanted = [True] * (len(chain) + 1)
        for place in reversed(range(len(chain))):
            wanted[place] = chain[place].ready(arriving[place], wanted[place + 1])
        if offered and wanted[0]:
            first, sent = first if sent else cycle, sent + 1
        if arriving[-1]:
            arrivals.append(cycle - first)
        for place, unit in enumerate(chain):
            unit.tick(arriving[place] and wanted[place], wanted[place + 1], last[place])
        cycle += 1
    return arrivals
