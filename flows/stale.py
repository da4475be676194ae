"""Which finished stages are out of date, by their own records.

A folder of builds that was copied, or whose times were changed, must be judged as before: each stage's record says what
it was made of, and the record decides.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from flows.causes import causes
from toolchain.errors import BuildError
from toolchain.integrity import damage_of, remade_input
from toolchain.layout import Layout
from toolchain.results.record import read_record, read_token

FORCED = "GATEWEAVE_FORCED"
"""Names the variable that is set where somebody told Snakemake to run stages in any case."""

_WORDS = {
    "code": "the code changed",
    "pins": "the pinned packages changed",
    "recipe": "the recipe changed",
    "board": "the board changed",
    "captures": "the files of the data changed",
    "strategy": "the strategy changed",
    "fps": "the target rate changed",
    "clock": "the clock asked for changed",
    "file": "the network's file, or its test or calibration data, changed",
    "outputs": "what the outputs are said to be changed",
    "wheels": "whether wheels are included changed",
    "vectors": "how many vectors are to be simulated changed",
    "toggles": "whether toggles are to be counted changed",
    "nextpnr": "another nextpnr is to place and route",
    "vivado": "another Vivado is on the PATH, or none",
    "needs": "it waits for other stages than before",
}
"""What a changed cause means, by the first word of the cause."""


def stale_stages(layout: Layout, stages: Iterable[str]) -> dict[str, str]:
    """Why each of these stages must run again, for those that have finished and are out of date."""
    finished = [stage for stage in stages if read_token(layout.token(stage)) is not None]
    reasons = {stage: _reason(layout, stage) for stage in finished}
    return {stage: reason for stage, reason in reasons.items() if reason}


def is_current(layout: Layout, stage: str) -> bool:
    """Whether a stage has finished, is made of what it would be made of today, and its files are unharmed."""
    if os.environ.get(FORCED) or read_token(layout.token(stage)) is None:
        return False
    return not stale_stages(layout, [stage]) and damage_of(layout, stage) is None


def must_belong_together(layout: Layout, stage: str) -> None:
    """Refuse to go on from stages of which one has been remade since the other was made of it.

    Raises:
        BuildError: another build of the same network, with something changed, came between.
    """
    for needed in filter(lambda name: layout.record(name).exists(), layout.request.table[stage].needs):
        if source := remade_input(layout, read_record(layout, needed)):
            raise BuildError(f"{needed}: another build has remade {source} since; build again")


def made_of(stage: str, layout: Layout) -> list[str]:
    """All causes of a stage as one word each: its own, and which stages it waits for."""
    return [*causes(stage, layout.request), f"needs:{'-'.join(layout.request.table[stage].needs)}"]


def tokens(stages: Iterable[str], layout: Layout) -> dict[str, str]:
    """What each stage came to, by name; empty for one that has not finished."""
    return {stage: read_token(layout.token(stage)) or "" for stage in stages}


def _reason(layout: Layout, stage: str) -> str | None:
    try:
        record = read_record(layout, stage)
    except BuildError:
        return None  # `toolchain.integrity` tells of it.
    if not record.causes:
        return "an older version of Gateweave made it"
    changed = dict.fromkeys(word.partition(":")[0] for word in _differing(record.causes, made_of(stage, layout)))
    if changed:
        return "; ".join(_WORDS.get(kind, f"{kind} changed") for kind in changed)
    other = remade_input(layout, record)
    return f"{other} has come to something else since" if other else None


def _differing(before: Sequence[str], now: Sequence[str]) -> list[str]:
    return [word for word in (*before, *now) if word not in before or word not in now]
