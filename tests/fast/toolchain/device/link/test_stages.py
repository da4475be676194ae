"""Stages that answered, counted and compared, of single inputs and of a bench; and the driver's words about them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.doubles.packed import manifest
from tests.doubles.uart_board import VECTOR_BYTES, Line, label_of, uart_board
from toolchain.device.link import command_line
from toolchain.device.link.axi.selftest import run_self_test
from toolchain.device.link.golden import Golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.serial_package import PackedBoard
from toolchain.device.link.stages import decided, decided_in_bench, stages_of

STAGES = (0, 1, 2, 3, 4)
VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(40)]
LABELS = bytes(map(label_of, VECTORS))
"""The double's label stands for the number behind an answer."""


def packed(labels: bytes = LABELS) -> PackedBoard:
    described = {"count": 40, "answer": AnswerLayout.of_class(5)._asdict(), "vector_bytes": VECTOR_BYTES, "classes": []}
    known: Any = manifest(decision={"numbers": list(STAGES)})
    return PackedBoard(uart_board(Line()), known, Golden(described, b"".join(VECTORS), labels))


def test_a_network_of_one_stage_has_none() -> None:
    plain: Any = manifest()
    assert stages_of(plain) == () and stages_of({**plain, "decision": None}) == ()


def test_stages_are_compared_input_by_input() -> None:
    found = decided([(3, -7), (1, -8), (2, -7)], [(3, -7), (1, -7), (2, -7)], (-7, -8))
    assert (found.answered, found.compared, found.equal) == ((2, 1), 3, 2)
    assert found.told == "stages answer 2, 1, as the reference 2 of 3"
    assert decided([(3, -7)], [], (-7, -8)).told == "stages answer 1, 0"


@pytest.mark.parametrize(("inferences", "answered", "equal"), [(2, (1, 1), 1), (3, (1, 2), 2), (7, (3, 4), 5)])
def test_a_bench_plays_its_vectors_in_turn(inferences: int, answered: tuple[int, ...], equal: int) -> None:
    found = decided_in_bench([(0,), (1,), (1,)], [(0,), (0,), (1,)], (0, 1), inferences)
    assert (found.answered, found.compared, found.equal) == (answered, inferences, equal)


def test_a_self_test_has_them_of_all_vectors_and_of_the_bench() -> None:
    wrong = bytes([*LABELS[:39], (LABELS[39] + 1) % 5])
    found = {finding.name: finding for finding in run_self_test(packed(wrong), 10)}
    said = found["golden vectors, many on their way at a time"].counts.decisions
    assert said is not None and tuple(said.answered) == tuple(LABELS.count(stage) for stage in STAGES)
    assert (said.equal, said.compared) == (39, 40)
    bench = found["bench"].counts.decisions
    assert bench is not None and (sum(bench.answered), bench.equal) == (10, 10)
    assert "as the reference 10 of 10" in found["bench"].summary
    assert found["counters"].differences == []


@pytest.mark.parametrize("words", [["infer", "7"], ["bench", "7"]])
def test_the_driver_tells_them(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    link = command_line.Link(lambda parser: None, lambda options: packed(), lambda board: {}, 10)
    assert command_line.driver(link, [*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["decisions"]
    assert (sum(said["answered"]), said["compared"], said["equal"]) == (7, 7, 7)
    assert command_line.driver(link, words) == 0
    assert "as the reference 7 of 7" in capsys.readouterr().out
