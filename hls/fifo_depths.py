"""How deep each FIFO must be: the least depths with which the core is as fast as with FIFOs without end.

Only where branches meet does a FIFO hold more than a few beats: the shorter branch waits there for the longer one. Too
shallow a FIFO there slows the core or stops it for good. Depths are found by bisection with the token simulator, one
FIFO after the other; a core that would stop is never given back. Where LUTs hold no memory each place costs
flip-flops: there a FIFO gets as many as its beats are on the way, if that makes the core no more than a little slower,
and keeps the interval that was asked for.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from hls.netlist import Fifo, Netlist, SmallRam
from hls.token_simulator import TokenRun, TokenSimulator
from toolchain.errors import ModelError

_VECTORS = 6
_FOLLOWING = _VECTORS - 1
_CORES = os.cpu_count() or 1
# Bits of a FIFO from which it lies in block RAM where the device has some. Instead of flip-flops it may take several
# small ones, each of so many bits side by side, and each must save as many.
_BLOCK_BITS: dict[SmallRam, int] = {"distributed": 4096, "registers": 128}
_BLOCK_WIDTH: dict[SmallRam, float] = {"distributed": math.inf, "registers": 16}

# Places cost flip-flops where LUTs hold no memory: the core may then be slower by an eighth.
_NEARLY = 9 / 8

Progress = Callable[[float], None]
"""Takes the share of the search that is done, 0 to 1."""


def with_depths(
    netlist: Netlist, blocks: bool, progress: Progress | None = None, *, interval: int | None = None
) -> tuple[Netlist, TokenRun]:
    """The netlist with the least depths that keep its interval, and what it then does.

    Args:
        interval: that has to be kept where it can be; else depths only keep the core nearly as fast as it can be.
        blocks: whether the device has block RAM; deep FIFOs are put there.
        progress: told now and then how far the search is.

    Raises:
        ToolError: there is no C++ compiler.
    """
    return _Search(netlist, blocks, progress or (lambda share: None)).run(interval)


def must_run(netlist: Netlist, simulator: TokenSimulator | None = None) -> TokenRun:
    """What a core does with the depths that it has.

    Args:
        simulator: of this core, where there is one already.

    Raises:
        ModelError: it stops; names the FIFOs that are full.
        ToolError: there is no C++ compiler.
    """
    run = (simulator or TokenSimulator(netlist)).run(netlist, _VECTORS)
    if run.vectors < _VECTORS:
        full = [f for f, taken in zip(netlist.fifos, run.taken, strict=True) if taken >= f.depth and _meets(netlist, f)]
        raise ModelError(
            f"the core stops after {run.vectors} inferences: too shallow is FIFO {', '.join(map(netlist.name, full))}; "
            "build again from the fold stage, which finds depths that do"
        )
    return run


def _meets(netlist: Netlist, fifo: Fifo) -> bool:
    """Whether its unit waits for other branches as well."""
    return fifo.sink is not None and len(netlist.units[fifo.sink[0]].inputs) > 1


class _Search:
    def __init__(self, netlist: Netlist, blocks: bool, progress: Progress) -> None:
        self._simulator = TokenSimulator(netlist)
        self._netlist, self._shallow = netlist, netlist.shallow
        self._blocks, self._slower = blocks, _NEARLY if netlist.small_ram == "registers" else 1.0
        self._known: dict[tuple[Fifo, ...], TokenRun] = {}
        self._left = _Left(progress)

    def run(self, wanted: int | None = None) -> tuple[Netlist, TokenRun]:
        netlist = self._found(wanted)
        return netlist, must_run(netlist, self._simulator)

    def _found(self, wanted: int | None) -> Netlist:
        whole = {i: self._whole(i) for i in range(len(self._netlist.fifos))}
        free = self._run(self._at(whole))
        few, interval = self._expected(), free.interval * self._slower
        if wanted is not None and free.interval <= wanted:
            interval = min(interval, wanted)
        if self._netlist.small_ram == "registers" and self._keeps(self._at(few), interval):
            return self._at(few)
        # A FIFO that never held more than it has places for is as good as one without end.
        deep = {i: whole[i] for i, peak in enumerate(free.peaks) if peak >= self._shallow}
        for i in deep:
            self._left.set(i, free.peaks[i] + 1 - self._shallow)
        return self._at(self._narrowed(deep, list(deep), interval))

    def _expected(self) -> dict[int, int]:
        """For each FIFO as many places as beats are on their way into it at a time, where no branch waits."""
        latencies, interval = self._simulator.latencies, self._netlist.interval
        depths = {}
        for i, fifo in enumerate(self._netlist.fifos):
            latency = latencies[fifo.source[0]] if fifo.source else 0
            # A place is reserved, filled `latency` clocks later, empty a clock after, and then free.
            depths[i] = max(self._shallow, -(-fifo.stream.beats * (latency + 2) // interval))
        return depths

    def _narrowed(self, depths: dict[int, int], group: list[int], interval: float) -> dict[int, int]:
        """The depths with those of a group as low as they can be: all at once, or by halves, or one by its depth."""
        shallow = {**depths, **dict.fromkeys(group, self._shallow)}
        if self._keeps(self._at(shallow), interval):
            self._left.none_of(group)
            return shallow
        if len(group) == 1:
            return {**depths, group[0]: self._least(depths, group[0], interval)}
        half = len(group) // 2
        for part in (group[:half], group[half:]):
            depths = self._narrowed(depths, part, interval)
        return depths

    def _least(self, depths: dict[int, int], index: int, interval: float) -> int:
        """The least depth of one FIFO that keeps the interval, the others as they are: more than a shallow one."""

        def holds(depth: int) -> bool:
            return self._keeps(self._at({**depths, index: depth}), interval)

        # A full FIFO takes nothing in the clock in which a beat leaves: one place more than were ever taken.
        low, high = self._shallow, self._run(self._at(depths)).peaks[index] + 1
        # Few FIFOs can do with much less than they once held: the first are tried near it.
        tried = [high - high // 4, high - high // 16]
        with ThreadPoolExecutor(_CORES) as pool:
            while high - low > 1:
                tried = [depth for depth in tried[-_CORES:] if low < depth < high]
                found = list(zip(tried, pool.map(holds, tried), strict=True))
                high = min([depth for depth, kept in found if kept], default=high)
                low = max([depth for depth, kept in found if not kept and depth < high], default=low)
                self._left.set(index, high - low)
                tried = [low + (high - low) * part // (_CORES + 1) for part in range(1, _CORES + 1)]
        self._left.none_of([index])
        return high

    def _keeps(self, netlist: Netlist, interval: float) -> bool:
        run = self._run(netlist)
        return run.vectors == _FOLLOWING and run.interval <= interval

    def _whole(self, index: int) -> int:
        """Room for two inferences: as good as without end, for no vector passes another."""
        return max(self._shallow, 2 * self._netlist.fifos[index].stream.beats)

    def _at(self, depths: dict[int, int]) -> Netlist:
        fifos = self._netlist.fifos
        return self._netlist.with_depths({i: (d, self._in_block(d, fifos[i].stream.width)) for i, d in depths.items()})

    def _in_block(self, depth: int, width: int) -> bool:
        least, wide = (table[self._netlist.small_ram] for table in (_BLOCK_BITS, _BLOCK_WIDTH))
        return self._blocks and depth * width > least * max(1, width / wide)

    def _run(self, netlist: Netlist) -> TokenRun:
        if netlist.fifos not in self._known:
            # A lone vector before the others takes time and changes nothing of their interval.
            self._known[netlist.fifos] = self._simulator.run(netlist, _FOLLOWING, lone=False)
        return self._known[netlist.fifos]


class _Left:
    """How much of the search is left: of each FIFO as many halvings as its depth has choices."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._first: dict[int, float] = {}
        self._now: dict[int, float] = {}

    def set(self, fifo: int, choices: int) -> None:
        """Of one FIFO so many depths are possible still."""
        self._now[fifo] = min(math.log2(max(1, choices)), self._now.get(fifo, math.inf))
        self._first.setdefault(fifo, self._now[fifo])
        self._tell()

    def none_of(self, fifos: Iterable[int]) -> None:
        """The depths of these are known."""
        self._now.update(dict.fromkeys(fifos, 0.0))
        self._tell()

    def _tell(self) -> None:
        whole = sum(self._first.values())
        self._progress(1 - sum(self._now.values()) / whole if whole else 1.0)
