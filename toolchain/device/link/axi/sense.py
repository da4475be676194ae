"""What a board may say of itself, by its package: a figure that cannot be is named, and never shown as measured."""

from __future__ import annotations

from typing import NamedTuple, Optional

from toolchain.device.link.answers import Bench, Identity
from toolchain.device.link.board import differences
from toolchain.device.link.golden import Golden
from toolchain.device.packed import PackedManifest, PackedTiming
from toolchain.errors import VerificationError

# A clock may be set a little faster than it was built for; beyond that a time is no time.
_CLOCK_SHARE = 0.9
# What two readings of the host's clock may be off by.
_HOST_SECONDS = 1e-3


class Expected(NamedTuple):
    """What the package knows: the clock it was built for, and cycles as simulated; None where it does not say.

    Attributes:
        latency, interval: of the core alone.
        answer_bytes: of one answer, which leaves the chip at a byte a cycle.
        early: whether an inference may end before `latency`, and the next one before `interval`.
        instructions: of an inference, where a processor makes it: at a cycle or two each, a guess of its time.
    """

    clock_hz: Optional[int] = None  # noqa: UP045 (NamedTuple reads it under Python 3.8)
    latency: Optional[int] = None  # noqa: UP045
    interval: Optional[int] = None  # noqa: UP045
    answer_bytes: int = 1
    instructions: Optional[float] = None  # noqa: UP045
    early: bool = False


def expected_of(manifest: PackedManifest) -> Expected:
    """What a package's manifest says of clock and cycles."""
    timing: PackedTiming = manifest.get("timing") or {}
    megahertz = manifest.get("clock_mhz") or timing.get("clock_mhz")
    clock = round(megahertz * 1e6) if megahertz else None
    if timing.get("cycles_kind") != "simulated":
        return Expected(clock, instructions=(manifest.get("emulated") or {}).get("instructions"))
    cycles = timing.get("latency_cycles"), timing.get("initiation_interval")
    early = timing.get("mean_interval") is not None
    return Expected(clock, *cycles, manifest.get("answer_bytes") or 1, early=early)


def identity_faults(identity: Identity, golden: Golden, expected: Expected) -> list[str]:
    """What is wrong with sizes and clock; empty where nothing is."""
    right = {"vector_bytes": golden.described["vector_bytes"]}
    right["clock_hz"] = identity.clock_hz if expected.clock_hz is None else expected.clock_hz
    found = [*differences(identity, right), *differences(identity.answer, golden.layout._asdict())]
    faults = [f"{name}: {got}, expected {value}" for name, value, got in found]
    if identity.clock_hz < 1:
        faults.append(f"clock_hz: {identity.clock_hz}, should be 1 or more")
    if not 0 <= identity.bench_vectors <= golden.count:
        faults.append(f"bench_vectors: {identity.bench_vectors} are stored, should be 0 to {golden.count}")
    return faults


def bench_faults(bench: Bench, expected: Expected) -> list[str]:
    """What is wrong with the cycles of a bench, or of a single inference; empty where nothing is.

    The chip's core is that of the simulation, to the cycle: the first answer comes after the latency, each further one
    after the interval, which is rounded up. An answer of several bytes may wait for its own and for those before it;
    and the first one may have been ahead by what a resting core did before its input came, less than a latency.
    """
    further, cycles = bench.inferences - 1, bench.cycles
    if cycles is None or further < 0:
        return []
    least, most = 1 + further, 1 << 48
    if expected.latency is not None and expected.interval is not None:
        least = least if expected.early else expected.latency + further * max(1, expected.interval - 1)
        ahead = expected.latency if further else 0
        most = expected.latency + expected.answer_bytes - 1 + ahead + further * _slowest(expected)
    if least <= cycles <= most:
        return []
    should = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return [f"cycles: {cycles:,} for {bench.inferences:,} inferences, should be {should} by the package's simulation"]


def bench_in_reach(most: int, clocks: float, expected: Expected) -> int:
    """Inferences of a bench that ends within so many clocks, `most` at most; two at least, or it tells no interval."""
    if expected.instructions:
        return min(most, max(2, int(clocks // (2 * expected.instructions))))
    return most if expected.interval is None else min(most, max(2, int(clocks // _slowest(expected))))


def _slowest(expected: Expected) -> int:
    """Clocks from one answer to the next where the interval is known: an answer of several bytes waits for its own."""
    assert expected.interval is not None
    return max(expected.interval + 1, expected.answer_bytes + 1 if expected.answer_bytes > 1 else 0)


def pace_faults(bench: Bench, clock_hz: float) -> list[str]:
    """What is wrong with the seconds of a bench: a chip that is done before its clock allows has not run it."""
    if bench.cycles is None or clock_hz < 1:
        return []
    least = bench.cycles / clock_hz * _CLOCK_SHARE - _HOST_SECONDS
    if bench.seconds >= least:
        return []
    return [f"seconds: {bench.seconds:g} for {bench.cycles:,} cycles, should be {least:g} or more at its clock"]


def rate_faults(name: str, rate: float, expected: Expected) -> list[str]:
    """What is wrong with inferences a second: none comes sooner after another than the simulated interval."""
    if not expected.clock_hz:
        return []
    least = 1 if expected.early else max(1, (expected.interval or 1) - 1)
    most = expected.clock_hz / least / _CLOCK_SHARE
    return [] if rate <= most else [f"{name}: {rate:,.0f} inferences a second, should be {most:,.0f} or less"]


def loop_faults(cycles: float | None, seconds: float, expected: Expected) -> list[str]:
    """What is wrong with the mean cycles and seconds of an inference in a loop; empty where nothing is."""
    if cycles is None:
        return []
    least, most = 1.0, float(1 << 48)
    if expected.latency is not None and expected.interval is not None:
        least = least if expected.early else max(1.0, expected.interval - 1.0)
        most = expected.latency + expected.interval + 1.0
    if not least <= cycles <= most:
        return [f"cycles: {cycles:g} an inference, should be {least:g} to {most:g} by the package's simulation"]
    fastest = cycles / expected.clock_hz * _CLOCK_SHARE if expected.clock_hz else 0.0
    return [] if seconds >= fastest else [f"seconds: {seconds:g} an inference, should be {fastest:g} or more"]


def must_make_sense(what: str, faults: list[str]) -> None:
    """Refuse an answer that cannot be.

    Raises:
        VerificationError: names the first fault.
    """
    if faults:
        raise VerificationError(f"{what}: {faults[0]}; load the package's bitstream again, or the board is broken")
