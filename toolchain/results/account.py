"""What an answer takes, by the way in which the network gives it: operations, clocks, and an estimate of energy.

A way is a stage of a network that decides, with the stages before it; a network that does not decide has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from toolchain.results.facts import ExportFacts, FoldFacts, SimulateFacts, StreamlineFacts
from toolchain.results.facts.decision import Decision, Recurring
from toolchain.results.facts.hardware import WayCycles, WayWork
from toolchain.results.model import Number, Record
from toolchain.results.record import StageRecord


class Way(Record):
    """One way in which a network answers.

    Attributes:
        name: such as "stage 1".
        share: of the test set that is answered so; None where the person who asks chooses the way.
        operations: of an inference; counted.
        work: of an FPGA, estimated; `cycles` likewise, as simulated.
    """

    name: str
    share: Number | None
    operations: int | None
    work: WayWork | None
    cycles: WayCycles | None


class Mean(Record):
    """What an input takes on average, as far as it is known; see `Account`."""

    operations: Number | None
    clocks: Number | None
    switched_bits: Number | None
    toggles: Number | None


class Account(Record):
    """All ways, and what an input of the test set takes on average, as far as each is known.

    Attributes:
        operations: counted; `latency_cycles`: simulated.
        clocks: of all units together, and `switched_bits`: estimated, see `WayWork`.
        toggles: simulated, where a build was asked to count them; see `WayCycles`.
        twice: the same where each input comes twice, of a network with a memory of earlier answers.
    """

    ways: tuple[Way, ...]
    operations: Number | None
    latency_cycles: Number | None
    clocks: Number | None
    switched_bits: Number | None
    toggles: Number | None
    twice: Mean | None = None

    @property
    def estimated(self) -> bool:
        """Whether there is an estimate of what units work: of an FPGA alone."""
        return any(way.work is not None for way in self.ways)

    @staticmethod
    def of(ways: tuple[Way, ...], twice: Recurring | None = None) -> Account:
        """The averages over the shares.

        Args:
            twice: what a memory of earlier answers does where each input comes twice.
        """
        latency = _mean(ways, lambda way: None if way.cycles is None else way.cycles.latency_cycles)
        made = Account(ways=ways, latency_cycles=latency, **dict(_means(ways)))
        if twice is None:
            return made
        computed = (way.model_copy(update={"share": share}) for way, share in zip(ways, twice.shares, strict=True))
        return made.model_copy(update={"twice": _means(tuple(computed))})


def account(records: Mapping[str, StageRecord]) -> Account:
    """The account of a build of a network that was trained here."""
    decision = records["export"].facts_as(ExportFacts).decision
    work = records["fold"].facts_as(FoldFacts).ways if "fold" in records else ()
    cycles = records["simulate"].facts_as(SimulateFacts).ways if "simulate" in records else ()
    whole = records["streamline"].facts_as(StreamlineFacts).operations
    shares = _shares(decision) if decision else [("every input", 1.0, whole)]
    return Account.of(
        tuple(
            Way(
                name=name,
                share=share,
                operations=operations,
                work=work[number] if number < len(work) else None,
                cycles=cycles[number] if number < len(cycles) else None,
            )
            for number, (name, share, operations) in enumerate(shares)
        ),
        decision.twice if decision else None,
    )


def _shares(decision: Decision) -> list[tuple[str, float | None, int]]:
    if decision.widths:
        pairs = zip(decision.widths, decision.stages, strict=True)
        return [(f"width {width} %", None, stage.operations) for width, stage in pairs]
    return [
        (f"stage {number}", stage.answered / max(1, decision.inputs), stage.operations)
        for number, stage in enumerate(decision.stages, 1)
    ]


def _means(ways: tuple[Way, ...]) -> Mean:
    return Mean(
        operations=_mean(ways, lambda way: way.operations),
        clocks=_mean(ways, lambda way: None if way.work is None else way.work.clocks),
        switched_bits=_mean(ways, lambda way: None if way.work is None else way.work.switched_bits),
        toggles=_mean(ways, lambda way: None if way.cycles is None else way.cycles.toggles),
    )


def _mean(ways: tuple[Way, ...], value: Callable[[Way], int | None]) -> float | None:
    """Of an input on average; None where a share is unknown, or a value of a way that inputs go."""
    parts = [(way.share, value(way)) for way in ways if way.share != 0]
    known = [share * found for share, found in parts if share is not None and found is not None]
    return sum(known) if known and len(known) == len(parts) else None
