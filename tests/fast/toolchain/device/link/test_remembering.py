"""Earlier answers kept by a driver: always the right ones, by the whole input, the least recently used goes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, UartBoard, class_bytes, label_of, uart_board
from toolchain.device.link import protocol as link
from toolchain.device.link.answers import Values
from toolchain.device.link.remembering import Memory, Uses, memory_of
from toolchain.device.link.serial_package import PackedBoard
from toolchain.device.link.settings import Setting
from toolchain.errors import ToolError

VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(12)]


def kept(size: int, place: str = "driver") -> Any:
    return {"decision": {"memory": {"size": size, "place": place}}}


class Network:
    """Answers with the first byte, and counts."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, vectors: list[bytes]) -> list[Values]:
        self.asked += vectors
        return [(vector[0],) for vector in vectors]


@pytest.mark.parametrize("places", [1, 3, 5, 100])
@pytest.mark.parametrize("block", [1, 7, 200])
def test_it_recalls_what_a_list_of_the_last_would(places: int, block: int) -> None:
    numbers = random.Random(places * block)
    asked = [numbers.choice(VECTORS[:6]) for _ in range(200)]
    memory, network = Memory(places), Network()
    answers = [a for at in range(0, 200, block) for a in memory.answers(asked[at : at + block], network)]
    assert answers == [(vector[0],) for vector in asked]
    recent: list[bytes] = []
    missed = []
    for vector in asked:
        if vector not in recent:
            missed.append(vector)
        recent = [*(one for one in recent if one != vector), vector][-places:]
    assert network.asked == missed
    assert memory.uses == Uses(places, 200, 200 - len(missed))


def test_without_places_every_input_is_asked_for() -> None:
    memory, network = Memory(), Network()
    assert memory.answers([VECTORS[3]] * 3, network) == [(3,)] * 3
    assert len(network.asked) == 3 and memory.uses == Uses(0, 0, 0)


def test_what_was_not_answered_is_not_kept() -> None:
    memory = Memory(9)

    def broken(vectors: list[bytes]) -> list[Values]:
        raise ToolError("the board is gone")

    with pytest.raises(ToolError, match="the board is gone"):
        memory.answers(VECTORS[:2], broken)
    assert memory.answers(VECTORS[:2], Network()) == [(0,), (1,)]


@pytest.mark.parametrize(
    ("manifest", "places"),
    [({}, 0), ({"decision": None}, 0), ({"decision": {}}, 0), (kept(7), 7), (kept(7, "chip"), 0)],
)
def test_the_manifest_says_how_many(manifest: Any, places: int) -> None:
    assert memory_of(manifest).uses.places == places


def board(places: int, **identity: int) -> tuple[UartBoard, PackedBoard]:
    port = uart_board(identity=IDENTITY._replace(**identity))
    return port, PackedBoard(port, kept(places), None)  # type: ignore[arg-type]


def test_a_board_rests_while_its_driver_answers() -> None:
    port, driver = board(4)
    right = [(label_of(vector),) for vector in VECTORS[:4]]
    assert driver.infer_many(VECTORS[:4] * 2) == right * 2
    assert (driver.infer(VECTORS[1]).values, driver.infer(VECTORS[1]).cycles) == (right[1], None)
    assert driver.infer(VECTORS[5]).cycles == 100
    assert port.inferences == 5 and driver.memory.uses == Uses(4, 11, 6)


def test_a_bench_plays_the_last_vector_though_its_answer_was_kept() -> None:
    _, driver = board(4, bench_vectors=0)
    driver.infer_many([VECTORS[1], VECTORS[2], VECTORS[1]])
    assert driver.bench(5).checksum == link.bench_checksum(class_bytes([label_of(VECTORS[1])]), 5)


def test_a_new_setting_makes_it_forget() -> None:
    port, driver = board(4)
    port.settings = port.words = [3]
    port._label = lambda vector: port.words[0]
    assert driver.infer(VECTORS[1]).values == (3,)
    driver.set(Setting("level", 3, False, 0, 4, 3, ""), 4)
    assert driver.infer(VECTORS[1]).values == (4,)
