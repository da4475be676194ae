"""An explanation in words: what bounds a build, and what would change that."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from toolchain.report.explanation import bound, elsewhere, limits, one_more, tables, ways
from toolchain.results.checked import Reckoned, Verdict
from toolchain.results.explained import Change, Elsewhere, ExplainedPackage, Explanation, Limit, OneMore, Timed, Way
from toolchain.results.facts.hardware import Use
from toolchain.results.folding import TooDense

USE = Use(lut=900, ff=400, bram=2, dsp=0)
LIMIT = Limit(what="rate", layer="fc0", option="PE 2, SIMD 8", value=20, of=24, kind="estimated")
CHANGES = tuple(Change(layer=f"fc{index}", before="PE 1", after="PE 2") for index in range(5))
WAYS = (
    Way(name="as built", interval=24, fps=1e6, chip=USE),
    Way(name="next faster", interval=12, fps=2e6, chip=USE, changes=CHANGES, lacks="3 block RAMs"),
)
DENSE = (TooDense(tensor="fc1", lut=15_000, reason="wires"),)
RECKONED = Reckoned(
    core="folded",
    chip=USE,
    board=Use(lut=1800, ff=800, bram=8, dsp=0),
    bram_kbit=4,
    interval=6,
    clock_mhz=12.0,
    fps=2e6,
    reaches=False,
)


def explanation(**changes: Any) -> Explanation:
    known: dict[str, Any] = {
        "model": "net",
        "board": "ulx3s",
        "variant": "default-folded",
        "flow": "fpga_open",
        "strategy": "folded",
        "package": ExplainedPackage(manifest_sha256="00", git=None),
        "clock_mhz": 24.0,
        "fps": 1e6,
        "fps_kind": "routed",
        "asked_fps": 5e5,
        "asked_by": "person",
        "bound": "rate",
        "limits": (LIMIT,),
        "ways": WAYS,
        "one_more": (),
        "elsewhere": (),
        "timed": None,
        "unknown": ("the clock of another folding",),
    }
    return Explanation(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Its rate is bound by what was asked for, 500,000/s: a faster folding fits as it is."),
        (
            {"asked_by": "board"},
            "by the board's target where no FPS= is given, 500,000/s: a faster folding fits as it is.",
        ),
        (
            {"asked_by": "recipe"},
            "`fps` of its recipe where no FPS= is given, 500,000/s: a faster folding fits as it is.",
        ),
        ({"asked_fps": None}, "a faster folding fits; ask for it with FPS=."),
        ({"asked_by": "board", "too_dense": DENSE}, "a faster folding fits; ask for it with FPS=."),
        ({"too_dense": DENSE}, "what was asked for, 500,000/s: a faster folding fits as it is."),
        ({"bound": "board"}, "no faster folding fits."),
        ({"bound": "form"}, "no folding has fewer cycles, with as much again of all neither."),
        ({"bound": "form", "ways": (WAYS[0].model_copy(update={"interval": 1}),)}, "only a faster clock would help."),
        (
            {"bound": "mapping"},
            "Its rate is what it was mapped for, 500,000/s; whether a faster mapping fits, a build with FPS= tells.",
        ),
        ({"bound": "answer"}, "fewer or narrower outputs help."),
        ({"bound": "processor"}, "Its time was not measured where it was built."),
    ],
)
def test_what_bounds_it_is_one_sentence(changes: dict[str, Any], said: str) -> None:
    assert bound(explanation(**changes)).endswith(said)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (0.9, "0.9 µs are the call of a graph that does nothing, so the network is the slowest part."),
        (40.0, "so the call is the slowest part."),
        (None, "what the call alone takes was not timed."),
    ],
)
def test_of_a_processor_the_slowest_part_is_named(call: float | None, said: str) -> None:
    timed = Timed(graph="fp32", runner="c", whole_us=43.5, call_us=call)
    told = bound(explanation(bound="processor", timed=timed))
    assert told.startswith("fp32 by c takes 43.5 µs, measured where it was built")
    assert told.endswith(said)


def test_rows_name_the_layer_and_what_a_folding_changes() -> None:
    made = explanation()
    assert limits(made) == [("rate", "fc0", "PE 2, SIMD 8", "20 cycles", "24 estimated")]
    own, faster = ways(made)
    assert own == ("as built", "24", "1,000,000", "900", "400", "2", "0", "")
    assert faster[-1] == "does not fit: 3 block RAMs too few; fc0: PE 2; fc1: PE 2; fc2: PE 2; and 2 more"


def test_more_of_a_resource_buys_a_rate_or_nothing() -> None:
    bought = OneMore(resource="bram", count=3, interval=12, fps=2e6)
    assert one_more(bought) == "block RAMs: 3 more buy 2,000,000/s (12 cycles)"
    nothing = "multipliers: more of them alone buy nothing, as many again neither"
    assert one_more(OneMore(resource="dsp", count=None)) == nothing


def test_another_board_gives_a_rate_or_a_reason() -> None:
    verdict = Verdict(board="icebreaker", flow="fpga_open", takes=True, why="as a chain", estimate=RECKONED)
    assert elsewhere(Elsewhere(why="nearest smaller", verdict=verdict)) == (
        "icebreaker, nearest smaller: up to 2,000,000/s at 12 MHz (6 cycles), with 900 LUT (50%), 2 block RAM (25%)"
    )
    refused = Verdict(board="icebreaker", flow="fpga_open", takes=False, why="it does not fit")
    told = elsewhere(Elsewhere(why="nearest smaller", verdict=refused))
    assert told == "icebreaker, nearest smaller: it does not fit"


def test_the_terminal_shows_all_of_it() -> None:
    console = Console(file=io.StringIO(), width=120)
    for part in tables(explanation(one_more=(OneMore(resource="lut", count=None),))):
        console.print(part)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    first = "net on ulx3s, default-folded: 1,000,000 inferences/s at 24 MHz (routed)"
    assert [words for words in (first, "fc0", "next faster", "LUTs:") if words not in shown] == []
    assert shown.rstrip().endswith("the clock of another folding")


@pytest.mark.parametrize(
    ("source", "named"),
    [("board", "the board's target where no FPS= is given"), ("recipe", "`fps` of its recipe where no FPS= is given")],
)
def test_a_rate_that_nobody_asked_for_says_whose_it_is(source: str, named: str) -> None:
    assert bound(explanation(asked_by=source)).startswith(f"Its rate is bound by {named}, 500,000/s:")
