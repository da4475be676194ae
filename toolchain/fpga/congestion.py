"""Whether a router gets anywhere, told from its log long before it would give up."""

from __future__ import annotations

import re
from collections import deque

from toolchain.errors import CongestionError, WiresError

# Of all designs at hand that were routed (7,000 to 109,000 connections) eight rows, of a thousand steps each, brought
# home 3,192 connections at least while more than a twentieth were left; of one that got nowhere (an unrolled core of
# 784 inputs, 63,569 connections) the first eight 1,326, and later ones 875. Tables with connections drawn by chance
# (33,778) came down to 1,439 with 15,512 left, at which pace the rest takes minutes: one that gets nowhere has
# more than 200,000 steps left, 25 times those that are looked at.
_ROWS, _LEAST, _SHARE, _AHEAD = 8, 1600, 0.05, 25

# Tiles of wire (half-perimeters of all nets as first placed, before refinement) for each LUT in use, on ECP5: designs
# with up to 13.7 of them were routed; of two that had 23.5 and 24, neither. A few LUTs may lie anywhere between pins.
_ROUTED, _TILES_A_LUT, _FEW = 14, 18, 5000

_LUTS = re.compile(r"^Info:\s+TRELLIS_COMB: +(\d+)/")
_LENGTH = re.compile(r"^Info: +at iteration #\d+, type ALL: .* legal = (\d+);")
_PLACED = "Info: HeAP Placer Time"
_ALL = re.compile(r"^Info: Routing (\d+) arcs\.")
_ROW = re.compile(r"^Info: +\d+000 \|[^|]*\|[^|]*\| *(\d+)\| +[\d.]+ +[\d.]+\|")

# The other router's passes: wires that several connections share. One that came home had a sixteenth left after five
# passes, and the last few took another fifteen.
_PASS = re.compile(r"^Info: +iter=(\d+) wires=\d+ overused=(\d+) ")
_PASSES, _STILL, _LAST = 5, 0.75, 200

_MEND = (
    "choose STRATEGY=folded or a lower FPS, train with more zeros or fewer inputs (an unrolled core has a wire for "
    "each input of each neuron), or choose a larger board"
)


class Congestion:
    """Reads nextpnr's log line by line.

    It counts tiles of wire and the router's steps, not seconds, so all machines decide alike.
    """

    def __init__(self, where: str) -> None:
        """`where` names board and device in the message."""
        self._where, self._all = where, 0
        self._luts = self._length = 0
        self._left: deque[int] = deque(maxlen=_ROWS + 1)
        self._shared: deque[int] = deque(maxlen=_PASSES + 1)

    def see(self, line: str) -> None:
        """Look at one line.

        Raises:
            WiresError: there are more wires than in any design that was routed.
            CongestionError: most connections that the router makes tear up others, so that there is no end of it.
        """
        if found := _LUTS.match(line):
            self._luts = int(found[1])
        elif found := _LENGTH.match(line):
            self._length = int(found[1])
        elif line.startswith(_PLACED):
            self._judge_wires()
        elif found := _ALL.match(line):
            self._all = int(found[1])
            self._left.clear()
        elif found := _ROW.match(line):
            self._left.append(int(found[1]))
            self._judge()
        elif found := _PASS.match(line):
            self._shared.append(int(found[2]))
            self._judge_shared()

    def _judge_wires(self) -> None:
        if self._luts and self._length > _TILES_A_LUT * max(self._luts, _FEW):
            raise WiresError(
                f"{self._where}: the connections are too dense to route: placed, they are {self._length:,} tiles long, "
                f"{self._length / self._luts:.0f} for each LUT (designs with up to {_ROUTED} were routed); {_MEND}"
            )

    def _judge_shared(self) -> None:
        before, now = self._shared[0], self._shared[-1]
        if len(self._shared) > _PASSES and now > max(_LAST, _STILL * before):
            raise CongestionError(
                f"{self._where}: the connections are too dense to route: several share {now:,} wires, as many as "
                f"{_PASSES} passes of the router before ({before:,}); {_MEND}"
            )

    def _judge(self) -> None:
        left, home = self._left[-1], self._left[0] - self._left[-1]
        comes = home >= min(_LEAST, left / _AHEAD)
        if len(self._left) <= _ROWS or comes or left <= _SHARE * self._all:
            return
        raise CongestionError(
            f"{self._where}: the connections are too dense to route: {left:,} of {self._all:,} are left, and the last "
            f"{_ROWS},000 steps of the router brought {home:,} home; {_MEND}"
        )
