"""What a page says of where a network of several stages stops, and of what its answers take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup
from pydantic import ValidationError

from toolchain.errors import GateweaveError
from toolchain.report.account_table import ESTIMATE, NO_ESTIMATE, AccountCells, account_cells
from toolchain.report.beside import beside_of, newest_measurement
from toolchain.report.beside_table import OTHER_TEST, Row, beside_rows, named
from toolchain.report.page import charts, energy
from toolchain.report.page.gather import Build
from toolchain.report.page.values import Figure, count, mapping, number, numbers, percent, text
from toolchain.results.account import Account
from toolchain.results.built import read_built
from toolchain.results.facts.decision import CurvePoint, Decision
from toolchain.results.manifest import Timing


@dataclass(frozen=True)
class Beside:
    """The single larger network beside: `names` of both and `rows`; or the command that builds it.

    Attributes:
        note: what there is to say of their test sets.
    """

    command: str | None
    names: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Counted:
    """Stages that were counted on a device, or a simulated one: by what, their shares, and how many were compared."""

    by: str
    shares: str
    equal: str
    kind: str


@dataclass(frozen=True)
class Shown:
    """A decision, and accuracy against what an input takes, over the thresholds, as drawings.

    Attributes:
        columns: of `rows`, each with where its figures come from; rows: what an answer takes, by stage.
        measured: energy of an inference as a meter saw it, or that none has; `energy`: what is estimated.
        beside: the single larger network that the recipe names.
        counted: the newest run, its bench and the newest measurement.
    """

    decision: Decision
    curves: tuple[Markup, ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    measured: Figure
    energy: str
    beside: Beside | None
    counted: tuple[Counted, ...]


def decision(build: Build) -> Shown | None:
    """What the manifest says; None where it says nothing that can be read."""
    try:
        said = Decision.model_validate(mapping(build.manifest, "decision"))
        # Builds of before have none.
        account = Account.model_validate(found) if (found := mapping(build.manifest, "account")) else Account.of(())
        timing = Timing.model_validate(own) if (own := mapping(build.manifest, "timing")) else None
    except ValidationError:
        return None
    estimated = account.estimated
    cells = account_cells(account, timing) if estimated else AccountCells((), ())
    return Shown(
        said,
        tuple(_curves(said, account)),
        cells.columns,
        cells.rows,
        energy.net_energy(build),
        ESTIMATE if estimated else NO_ESTIMATE,
        _beside(build),
        tuple(_counted(build)),
    )


def _counted(build: Build) -> Iterator[Counted]:
    run = build.runs[-1].content if build.runs else None
    measured = build.measurements[-1].content if build.measurements else None
    latency = text(measured, "latency", "kind")
    runs = (("run", mapping(run, "decisions")), ("bench of the run", mapping(run, "bench", "decisions")))
    rows = [(by, found, number(found, "compared"), text(found, "kind")) for by, found in runs]
    proven = mapping(measured, "proven")
    rows.append(("measure, before it", mapping(proven, "decisions"), number(proven, "compared"), latency))
    for by, found, compared, kind in rows:
        if found and compared:
            shares = ", ".join(percent(one / compared, 1) for one in numbers(found, "answered"))
            yield Counted(by, shares, f"{count(number(found, 'equal'))} of {count(compared)}", kind)


def _beside(build: Build) -> Beside | None:
    try:
        manifest = read_built(build.layout)
    except GateweaveError:
        return None
    both = beside_of(build.layout, manifest, newest_measurement(build.layout, manifest))
    if both is None:
        return None
    if both.other is None:
        return Beside(both.command)
    names = named(both.own), named(both.other)
    return Beside(None, names, tuple(beside_rows(both.own, both.other)), "" if both.same_test else OTHER_TEST)


def _curves(said: Decision, account: Account) -> list[Markup]:
    """Accuracy against operations, and against the estimate of energy where there is one."""
    bits = [way.work.switched_bits for way in account.ways if way.work is not None]

    def switched(point: CurvePoint) -> float:
        return sum(share * own for share, own in zip(point.shares, bits, strict=True))

    counted = [(point.operations, point.accuracy) for point in said.curve]
    at = (said.validation.operations, said.validation.accuracy)
    drawn = [charts.working_point("decision", "operations", counted, at, "counted")]
    if bits and all(len(point.shares) == len(bits) for point in (*said.curve, said.validation)):
        estimated = [(switched(point), point.accuracy) for point in said.curve]
        at = (switched(said.validation), said.validation.accuracy)
        drawn.append(charts.working_point("decision-energy", "switched bits", estimated, at, "estimated"))
    return drawn
