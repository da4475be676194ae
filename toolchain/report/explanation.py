"""An explanation in words and tables, for the terminal and for the page of a build."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from toolchain.results.explained import Elsewhere, Explanation, Limit, OneMore, Way
from toolchain.results.facts.hardware import Use
from toolchain.results.folding import dense_told
from toolchain.results.model import Number

_NAMES = {
    "rate": "rate",
    "lut": "LUT",
    "bram": "block RAM",
    "dsp": "multipliers",
    "operations": "operations",
}
# Of a folding's changed layers so many are told; the record holds all.
_CHANGES = 3
_ASKED = {
    "person": "what was asked for",
    "board": "the board's target where no FPS= is given",
    "recipe": "`fps` of its recipe where no FPS= is given",
}
_ONE_MORE = {"lut": "LUTs", "bram": "block RAMs", "dsp": "multipliers"}
WAYS = ("folding", "cycles", "inferences/s", "LUT", "FF", "block RAM", "DSP", "what changes")
LIMITS = ("what", "layer", "built as", "takes", "of all")
NUMERIC = frozenset({*WAYS[1:-1], "takes"})
"""Columns of the two tables, and those that hold numbers."""


def tables(made: Explanation) -> Iterator[Table | Text]:
    """What the terminal shows, one thing after the other."""
    yield Text(f"{made.model} on {made.board}, {made.variant}: {headline(made)}", style="bold")
    yield Text(bound(made))
    if made.too_dense:
        yield Text(f"Of its strategy: {dense_told(made.too_dense)}.")
    if made.limits:
        yield _table("what limits it", LIMITS, limits(made))
    if made.ways:
        yield _table("folded otherwise (estimated: core and host link)", WAYS, ways(made))
    for title, lines in (
        ("more of one resource", [one_more(more) for more in made.one_more]),
        ("elsewhere (estimated: the fastest folding that fits)", [elsewhere(one) for one in made.elsewhere]),
        ("not known", made.unknown),
    ):
        if lines:
            yield Text(f"{title}\n", style="bold") + Text("\n".join(f"  {line}" for line in lines), style="not bold")


def headline(made: Explanation) -> str:
    """How fast it is."""
    if made.fps is None:
        return "no rate is known"
    clock = "" if made.clock_mhz is None else f" at {made.clock_mhz:g} MHz"
    return f"{made.fps:,.0f} inferences/s{clock} ({made.fps_kind})"


def bound(made: Explanation) -> str:
    """What keeps it from being faster."""
    # Layers folded in the place of wiring keep its pace, whatever the board or the recipe asks for.
    paced = bool(made.too_dense) and made.asked_by != "person"
    if made.bound == "rate" and made.asked_fps is not None and not paced:
        asked = f"{_ASKED[made.asked_by or 'person']}, {made.asked_fps:,.0f}/s"
        return f"Its rate is bound by {asked}: a faster folding fits as it is."
    if made.bound == "mapping":
        asked = "" if made.asked_fps is None else f", {made.asked_fps:,.0f}/s"
        return f"Its rate is what it was mapped for{asked}; whether a faster mapping fits, a build with FPS= tells."
    if made.bound == "processor":
        return timed(made)
    if made.bound == "form" and made.ways[0].interval == 1:
        return "Its rate is bound by its form, one inference a clock: only a faster clock would help."
    return {
        "rate": "Its rate is not bound by the board: a faster folding fits; ask for it with FPS=.",
        "board": "Its rate is bound by the board: no faster folding fits.",
        "form": "Its rate is bound by its form: no folding has fewer cycles, with as much again of all neither.",
        "answer": "Its rate is bound by its answer, a byte a cycle: fewer or narrower outputs help.",
    }[made.bound]


def timed(made: Explanation) -> str:
    """Where a processor's time goes, as far as that was measured."""
    if made.timed is None:
        return "Its time was not measured where it was built."
    whole, call = made.timed.whole_us, made.timed.call_us
    told = f"{made.timed.graph} by {made.timed.runner} takes {whole:,.1f} µs, measured where it was built"
    if call is None:
        return f"{told}; what the call alone takes was not timed."
    slow = "the network" if whole - call >= call else "the call"
    return f"{told}: {call:,.1f} µs are the call of a graph that does nothing, so {slow} is the slowest part."


def limits(made: Explanation) -> list[tuple[str, ...]]:
    """Rows of `LIMITS`."""
    return [_limit(limit) for limit in made.limits]


def ways(made: Explanation) -> list[tuple[str, ...]]:
    """Rows of `WAYS`."""
    return [_way(way) for way in made.ways]


def one_more(more: OneMore) -> str:
    """What more of one resource would buy."""
    name = _ONE_MORE[more.resource]
    if more.count is None or more.fps is None:
        return f"{name}: more of them alone buy nothing, as many again neither"
    return f"{name}: {more.count:,} more buy {more.fps:,.0f}/s ({_cycles(more.interval or 0)})"


def elsewhere(one: Elsewhere) -> str:
    """What another board would give."""
    verdict = one.verdict
    where = f"{verdict.board}, {one.why}" + (f" ({verdict.flow})" if one.why == "the same board" else "")
    if verdict.estimate is None:
        return f"{where}: {verdict.why}"
    made = verdict.estimate
    rate = f"{made.fps:,.0f}/s at {made.clock_mhz:g} MHz ({_cycles(made.interval)})"
    return f"{where}: up to {rate}, with {_shares(made.chip, made.board)}"


def _shares(chip: Use, board: Use) -> str:
    names = {"lut": "LUT", "bram": "block RAM", "dsp": "DSP"}
    pairs = {name: (getattr(chip, key), getattr(board, key)) for key, name in names.items()}
    return ", ".join(f"{used:,} {name} ({used / of:.0%})" for name, (used, of) in pairs.items() if of)


def _limit(limit: Limit) -> tuple[str, ...]:
    takes = _cycles(limit.value) if limit.what == "rate" else f"{limit.value:,}"
    share = f"{limit.of:,}" + ("" if limit.what == "rate" else f" ({limit.value / limit.of:.0%})")
    return _NAMES[limit.what], limit.layer, limit.option, takes, f"{share} {limit.kind}"


def _cycles(count: Number) -> str:
    return f"{count:,} cycle{'s' if count != 1 else ''}"


def _way(way: Way) -> tuple[str, ...]:
    changes = "; ".join(f"{change.layer}: {change.after}" for change in way.changes[:_CHANGES])
    if len(way.changes) > _CHANGES:
        changes += f"; and {len(way.changes) - _CHANGES} more"
    lacks = f"does not fit: {way.lacks} too few" if way.lacks else ""
    chip = (way.chip.lut, way.chip.ff, way.chip.bram, way.chip.dsp)
    figures = (f"{way.interval:,}", f"{way.fps:,.0f}", *(f"{value:,}" for value in chip))
    return way.name, *figures, "; ".join(filter(None, [lacks, changes]))


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
    for column in columns:
        right = column in NUMERIC
        table.add_column(column, justify="right" if right else "left", no_wrap=right)
    for row in rows:
        table.add_row(*map(Text, row), style="bold" if row[0] == "as built" else "")
    return table
