"""What figures of a manifest come to."""

from __future__ import annotations

import pytest

from tests.fast.toolchain.fabricated import records
from toolchain.report.table import _timing_rows
from toolchain.results.facts import SimulateFacts
from toolchain.results.figures import timing


@pytest.mark.parametrize(
    ("answer", "told", "said"),
    [
        (None, None, "one every 20 cycles = "),
        (1, None, "one every 20 cycles = "),
        (20, None, "one every 20 cycles = "),
        (21, 21, "an answer takes 21 cycles to leave = "),
    ],
)
def test_an_answer_of_more_bytes_than_the_core_has_cycles_sets_the_rate(
    answer: int | None, told: int | None, said: str
) -> None:
    found = records()
    facts = SimulateFacts(latency_cycles=50, initiation_interval=20, answer_cycles=answer)
    found["simulate"] = found["simulate"].model_copy(update={"facts": facts})
    made = timing(found)
    assert (made.answer_cycles, made.initiation_interval) == (told, 20)
    assert made.inferences_per_second == round(made.clock_mhz * 1e6 / (told or 20), 1)
    (row,) = [row for row in _timing_rows(made) if row[0] == "inferences"]
    assert row[1] == f"{said}{made.inferences_per_second:,.0f}/s"
