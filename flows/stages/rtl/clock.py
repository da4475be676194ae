"""clock: the fastest of the board's clocks that the routed design bears, or the one that was asked for.

The design is made and routed at twice the crystal's clock first. What it reached tells the fastest that it bears, and
where that is another one it is made and routed again. Of an unrolled core no clock is tried at which an answer takes
longer than at a slower one. The stages behind take what was made for the clock that it gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.stages import files
from flows.stages.clocking import clocks_hz, own_hz
from flows.stages.context import Context, Outcome
from flows.stages.fpga_open.implement import implement
from flows.stages.fpga_open.synthesise import synthesise
from flows.stages.rtl.generate import generate
from flows.stages.rtl.refusing import with_smaller_recipe
from flows.stages.rtl.trial import forget, fresh_attempt, keep, take
from hls.unrolled import short_clocks
from toolchain.errors import CongestionError, FitError, TimingError, WiresError
from toolchain.fpga.backend import Aim
from toolchain.fpga.clocks import pll_of, setting, shown
from toolchain.fpga.nextpnr import SEEDS
from toolchain.fpga.pll import MHZ
from toolchain.results.facts import ClockFacts, FoldFacts, ImplementFacts, SynthesiseFacts
from toolchain.results.facts.hardware import ClockTrial, PllSetting

MARGIN = 0.05
"""The share of a clock of the PLL by which a routed design must be faster, where a build chooses it."""


def run(context: Context) -> Outcome:
    """Write nothing: what it has found out are its facts."""
    forget(context)
    clocks, must = clocks_hz(context), _must_hz(context)
    if context.request.clock is not None or len(clocks) == 1:
        return _outcome(context, clocks[0], ())
    if context.request.fps is not None:
        clocks = tuple(hz for hz in clocks if hz >= must)
    try:
        hz, trials = _searched(context, clocks)
    except CongestionError as error:
        raise with_smaller_recipe(context, error) from error
    return _outcome(context, hz, trials)


def _searched(context: Context, clocks: Sequence[int]) -> tuple[int, tuple[ClockTrial, ...]]:
    """The fastest clock that the routed design bears, and all that were tried."""
    folding = context.facts("fold", FoldFacts).folding
    if folding.strategy != "unrolled":
        return _Search(context, clocks).fastest()
    short = short_clocks(files.network(context), clocks, context.fpga_board.fpga.family, folding.estimate.bram)
    try:
        return _Search(context, short).fastest()
    except TimingError:
        if len(short) == len(clocks):
            raise
    # What is laid out for a faster clock has more registers.
    return _Search(context, clocks).fastest()


@dataclass(frozen=True)
class _Search:
    """The search among ascending clocks in Hz."""

    context: Context
    clocks: Sequence[int]

    def fastest(self) -> tuple[int, tuple[ClockTrial, ...]]:
        """The clock that the routed design bears, and all that were tried.

        Raises:
            TimingError: it bears none.
            FitError: made for the slowest, with the fewest registers, it does not fit or cannot be routed either.
        """
        trials: list[ClockTrial] = []
        met, missed = 0, self.clocks[-1] + 1
        hz = next((hz for hz in self.clocks if hz >= 2 * own_hz(self.context)), self.clocks[-1])
        while True:
            trial = self._tried(hz, bool(met))
            trials.append(trial)
            met, missed = (hz, missed) if trial.met else (met, hz)
            between = [clock for clock in self.clocks if met < clock < missed]
            bearable = [clock for clock in between if clock * (1 + MARGIN) <= (trial.fmax_mhz or 0) * MHZ]
            if not bearable and met:
                return met, tuple(trials)
            hz = bearable[-1] if bearable else self.clocks[0]
            self.context.progress(f"{_reached(trial)}: again at {shown(hz)}")

    def _tried(self, hz: int, met: bool) -> ClockTrial:
        """Make and route the design for a clock. At the slowest a failure is the build's; see `fastest`.

        Args:
            met: whether it was routed for another.
        """
        try:
            return ClockTrial(clock_mhz=_mhz(hz), fmax_mhz=self._routed(hz), met=True)
        except TimingError as error:
            if hz == self.clocks[0]:
                raise self._none(error) from error
            return ClockTrial(clock_mhz=_mhz(hz), fmax_mhz=error.reached_mhz, met=False)
        except FitError as error:
            if hz == self.clocks[0] or (isinstance(error, WiresError) and not met):
                raise
            return ClockTrial(clock_mhz=_mhz(hz), fmax_mhz=None, met=False)

    def _routed(self, hz: int) -> float:
        """Make and route the design; the MHz that it bears.

        Raises:
            TimingError: less than the clock, and above the slowest one less than the margin.
            FitError: the device is too small for it, or its connections are too dense.
        """
        context, folder = self.context, fresh_attempt(self.context)
        for stage in ("generate", "synthesise", "implement"):
            (folder / stage).mkdir()
        generate(context, hz, folder / "generate")
        mapped = synthesise(context, folder / "generate", folder / "synthesise")
        keep(folder, "synthesise", mapped)
        assert isinstance(mapped.facts, SynthesiseFacts)
        netlist = folder / "synthesise" / mapped.facts.netlist
        # One seed a clock, but for the slowest: seeds move what is reached by less than clocks are apart.
        aim = Aim(hz / MHZ) if hz == self.clocks[0] else Aim(hz / MHZ, MARGIN, SEEDS[:1])
        routed = implement(context, netlist, folder / "implement", aim)
        keep(folder, "implement", routed)
        take(context)
        assert isinstance(routed.facts, ImplementFacts)
        return routed.facts.fmax_mhz

    def _none(self, error: TimingError) -> TimingError:
        """Why not even the slowest will do; where the rate asks for it, the best one that can be had."""
        if error.reached_mhz is None or self.clocks[0] <= own_hz(self.context):
            return error
        folding, fps = self.context.facts("fold", FoldFacts).folding, self.context.request.fps
        bearable = [hz for hz in clocks_hz(self.context) if hz <= error.reached_mhz * MHZ] or [own_hz(self.context)]
        cycles, best = folding.initiation_interval, bearable[-1]
        return TimingError(
            f"FPS={fps:g}: {cycles:,} clocks an inference need {shown(self.clocks[0])}, the routed design bears "
            f"{error.reached_mhz:.1f}; the best rate that it reaches is {best // cycles} (at {shown(best)}): lower "
            "FPS, or take a larger board",
            error.reached_mhz,
        )


def _must_hz(context: Context) -> int:
    """The clock that the folding counts on for its rate; the crystal's where that suffices."""
    folding = context.facts("fold", FoldFacts).folding
    return folding.clock_hz if folding.target_fps is not None else own_hz(context)


def _outcome(context: Context, hz: int, trials: Sequence[ClockTrial]) -> Outcome:
    asked, must = context.request.clock is not None, _must_hz(context)
    target = context.facts("fold", FoldFacts).folding.target_fps
    facts = ClockFacts(
        crystal_mhz=_mhz(own_hz(context)),
        clock_mhz=_mhz(hz),
        pll=_pll(context, hz),
        asked=asked,
        margin=MARGIN,
        trials=tuple(trials),
        missed_fps=target if hz < must else None,
    )
    return Outcome(_told(facts), facts=facts)


def _pll(context: Context, hz: int) -> PllSetting | None:
    pll, found = pll_of(context.open_board), setting(context.open_board, hz)
    if pll is None or found is None:
        return None
    return PllSetting(
        cell=pll.cell,
        reference=found.reference,
        feedback=found.feedback,
        output=found.output,
        compared_mhz=float(found.compared_hz) / MHZ,
        oscillator_mhz=float(found.oscillator_hz) / MHZ,
    )


def _mhz(hz: int) -> float:
    return hz / MHZ


def _reached(trial: ClockTrial) -> str:
    return "could not be routed" if trial.fmax_mhz is None else f"reached {trial.fmax_mhz:.1f} MHz"


def _told(facts: ClockFacts) -> str:
    by = f"by the PLL from {facts.crystal_mhz:g} MHz" if facts.pll else "the crystal's own"
    others = [trial for trial in facts.trials if trial.clock_mhz != facts.clock_mhz]
    short = "".join(f"; made for {trial.clock_mhz:g} MHz it {_reached(trial)}" for trial in others)
    missed = f"; {facts.missed_fps:,.0f}/s, which it aims at, are missed" if facts.missed_fps else ""
    why = "as asked" if facts.asked else f"{facts.margin:.0%} margin" if facts.trials else "no other to choose"
    return f"{facts.clock_mhz:g} MHz, {by} ({why}){short}{missed}"
