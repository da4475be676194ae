"""The driver of FINN's design against DMA engines as Vitis HLS makes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fast.toolchain.device.link.axi.fakes import FakeEngine, FakeMemory
from tests.fast.toolchain.package.amd.packages import ANSWERS, ELEMENTS, VALUES, VECTORS, logits, manifest
from toolchain.device.link import protocol
from toolchain.device.link.axi import finn
from toolchain.device.link.axi.elements import element, pack, words
from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import ToolError

DESCRIBED: dict[str, Any] = {
    **manifest("finn"),
    "vectors": {
        "vector_bytes": len(VECTORS[0]),
        "element_type": "BINARY",
        "answer": AnswerLayout.of_class(3)._asdict(),
    },
}
INPUT, OUTPUT = words("UINT2", [1, 4, 3]), words("INT4", [1, 3, 1])


def compute(data: bytes) -> bytes:
    """The design: words of three elements in, one padded word a logit out."""
    return b"".join(pack([value], element("INT4")) for value in logits(INPUT.unpack(data)))


def engines(memory: FakeMemory) -> tuple[FakeEngine, FakeEngine]:
    source, target = FakeEngine(memory, compute, INPUT.size), FakeEngine(memory, compute, OUTPUT.size)
    source.target = target
    return source, target


def chip(source: FakeEngine, target: FakeEngine, vectors: int = 64) -> finn.FinnChip:
    memory = source._memory
    parts = [
        finn.Engine(name, fake, memory.take(stream.size * vectors))
        for name, fake, stream in (("idma0", source, INPUT), ("odma0", target, OUTPUT))
    ]
    streams = finn.Streams(DESCRIBED["stream"], DESCRIBED["vectors"])
    return finn.FinnChip(DESCRIBED, streams, parts[0], parts[1], VECTORS[:16])


@pytest.mark.parametrize("room", [1, 7, 40, 64])
def test_all_vectors_get_their_class_whatever_fits_a_transfer(room: int) -> None:
    opened = chip(*engines(FakeMemory()), vectors=room)
    assert opened.infer_many(VECTORS) == ANSWERS
    assert [opened.infer(vector) for vector in VECTORS[:3]] == [(answer, None) for answer in ANSWERS[:3]]
    assert opened.counters() == (len(VECTORS) + 3, -(-len(VECTORS) // room) + 3, None, None, None)


@pytest.mark.parametrize("count", [1, 16, 17, 1000])
def test_bench_has_the_checksum_of_the_host_link_and_no_cycles(count: int) -> None:
    bench = chip(*engines(FakeMemory())).bench(count)
    checksum = protocol.bench_checksum([bytes(answer) for answer in ANSWERS[:16]], count)
    assert bench[:4] == (count, ANSWERS[(count - 1) % 16], None, checksum)


def test_a_network_without_classes_answers_with_its_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = AnswerLayout(3, 4, True, 0)
    monkeypatch.setitem(DESCRIBED, "vectors", {**DESCRIBED["vectors"], "answer": layout._asdict()})
    opened, right = chip(*engines(FakeMemory())), [tuple(logits(values)) for values in VALUES]
    assert opened.infer_many(VECTORS) == right
    assert opened.identify().answer == layout
    bench = opened.bench(20)
    assert bench[:2] == (20, right[3])
    assert bench.checksum == protocol.bench_checksum([layout.encode(values) for values in right[:16]], 20)


def test_the_identity_is_said_to_be_the_packages() -> None:
    identity = chip(*engines(FakeMemory())).identify()
    assert identity.source == "manifest"
    assert identity[2:6] == (ELEMENTS // 8 + 1, AnswerLayout.of_class(3), 100_000_000, 16)


def test_an_engine_that_does_not_finish_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finn, "_TRANSFER_SECONDS", 0.01)
    source, target = engines(FakeMemory())
    opened = chip(source, target)
    target.hanging = True
    with pytest.raises(ToolError, match=r"odma0: 16 vectors are not done after 0\.01 s"):
        opened.bench(16, seconds=0.01)
    with pytest.raises(ToolError, match="odma0 is still at work; load the bitstream again"):
        opened.infer(VECTORS[0])


def test_a_vector_of_another_length_is_named() -> None:
    with pytest.raises(ToolError, match="vector 1: 3 bytes; the design takes 2"):
        chip(*engines(FakeMemory())).infer_many([VECTORS[0], b"abc"])


def test_buffers_that_hold_no_vector_are_named() -> None:
    with pytest.raises(ToolError, match="hold no vector"):
        chip(*engines(FakeMemory()), vectors=0)
