"""An account averages over the ways that inputs go, and says nothing where a share or a figure is unknown."""

from __future__ import annotations

import pytest

from tests.fast.toolchain.fabricated import ACCOUNT, DECISION, WAYS, record, records
from toolchain.results.account import Account, account
from toolchain.results.facts import ExportFacts, StreamlineFacts
from toolchain.results.facts.decision import Recurring
from toolchain.results.facts.hardware import WayCycles


def test_averages_are_over_the_shares() -> None:
    assert ACCOUNT.operations == pytest.approx(0.8 * 1000 + 0.2 * 4000)
    assert ACCOUNT.clocks == pytest.approx(110) and ACCOUNT.switched_bits == pytest.approx(2440)
    assert ACCOUNT.latency_cycles is None and ACCOUNT.toggles is None
    cycles = WayCycles(kind="simulated", vectors=8, latency_cycles=155, interval=90, toggles=40)
    both = (WAYS[0], WAYS[1].model_copy(update={"cycles": cycles}))
    assert Account.of(both).latency_cycles == pytest.approx(75)


def test_a_memory_saves_of_all_that_inputs_take() -> None:
    twice = Recurring(answered=(60, 20), recalled=120)
    assert (told := Account.of(WAYS, twice).twice) is not None
    assert told.operations == pytest.approx(0.3 * 1000 + 0.1 * 4000)
    assert told.switched_bits == pytest.approx(0.3 * 1800 + 0.1 * 5000)
    assert ACCOUNT.twice is None


def test_a_way_that_no_input_goes_does_not_count() -> None:
    first, second = (way.model_copy(update={"share": share}) for way, share in zip(WAYS, (1.0, 0.0), strict=True))
    assert Account.of((first, second)).latency_cycles == 55


def test_ways_that_a_person_chooses_have_no_average() -> None:
    widths = tuple(way.model_copy(update={"share": None}) for way in WAYS)
    assert Account.of(widths).operations is None


def test_a_network_that_does_not_decide_has_one_way() -> None:
    streamlined = records()["streamline"].facts_as(StreamlineFacts).model_copy(update={"operations": 77})
    (way,) = account({**records(), "streamline": record("streamline", facts=streamlined)}).ways
    assert (way.name, way.share, way.operations, way.cycles) == ("every input", 1.0, 77, None)


def test_stages_are_the_ways_of_a_network_that_decides() -> None:
    export = record("export", facts=ExportFacts(decision=DECISION))
    ways = account({**records(), "export": export}).ways
    assert [(way.name, way.share, way.operations) for way in ways] == [("stage 1", 0.8, 1000), ("stage 2", 0.2, 4000)]
