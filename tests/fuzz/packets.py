"""The host link's parser and the serial driver: streams that lie, and a line that damages what a board answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, Line, UartBoard, class_bytes, label_of, uart_board
from toolchain.device.link import protocol as link
from toolchain.device.link.board import must_be
from toolchain.device.link.serial_link import SerialBoard
from toolchain.errors import GateweaveError

NAME = "packets"

_VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(30)]
_PACKED = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}
_READS = 20_000


def once(rng: np.random.Generator, folder: Path) -> None:
    """One stream, or one conversation."""
    (_stream, _conversation, _another_board)[rng.integers(3)](rng)


# The parser ------------------------------------------------------------------------------------------------------


def _stream(rng: np.random.Generator) -> None:
    """What the parser finds does not depend on portions, and no damaged frame is taken for another."""
    frames = [_frame(rng) for _ in range(int(rng.integers(1, 12)))]
    sent = [link.encode_frame(*frame) for frame in frames]
    damaged = [_damage(rng, raw) if rng.random() < 0.5 else raw for raw in sent]
    data = b"".join(raw if rng.random() < 0.7 else raw + rng.bytes(int(rng.integers(1, 90))) for raw in damaged)
    whole, portions = link.FrameParser(), link.FrameParser()
    found = whole.feed(data) + whole.flush()
    pieces: list[link.Frame] = []
    while data:
        size = int(rng.integers(1, 40))
        pieces += portions.feed(data[:size])
        data = data[size:]
    assert found == pieces + portions.flush()
    assert set(found) <= set(frames), "a frame that nobody sent"
    kept = [frame for frame, raw, came in zip(frames, sent, damaged, strict=True) if raw == came]
    assert all(frame in found for frame in kept), "a good frame is missed"
    for frame in found:
        _decode(frame)


def _frame(rng: np.random.Generator) -> link.Frame:
    command = int(rng.choice([link.REPLY | n for n in (1, 2, 3, 4, 5)] + [link.ERROR, int(rng.integers(256))]))
    right = {0x81: 57, 0x82: 5, 0x83: 11, 0x84: 20, 0x85: 2, 0xFF: 2}.get(command, 0)
    size = right if rng.random() < 0.7 else int(rng.integers(0, link.MAX_REPLY_PAYLOAD + 1))
    body = rng.bytes(size)
    if command == link.REPLY | link.IDENTIFY and rng.random() < 0.7:
        body = bytes([link.PROTOCOL_VERSION]) + body[1:]
    return link.Frame(command, int(rng.integers(256)), body)


def _decode(frame: link.Frame) -> None:
    """A reply says what its frame says, or is refused."""
    try:
        reply = link.decode_reply(frame)
    except link.ProtocolError:
        return
    if isinstance(reply, link.OtherVersion):
        assert reply == (frame.sequence, frame.payload[0])
    else:
        assert link.encode_reply(reply) == link.encode_frame(*frame)


def _damage(rng: np.random.Generator, raw: bytes) -> bytes:
    data, at = bytearray(raw), int(rng.integers(len(raw)))
    kind = rng.integers(4)
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del data[at : at + int(rng.integers(1, 9))]
    elif kind == 2:
        data.insert(at, data[at])
    else:
        data[at:at] = link.SYNC + rng.bytes(4)
    return bytes(data)


# The driver ------------------------------------------------------------------------------------------------------


class _Liar:
    """A port with a model board behind it, and frames that nobody asked for between its answers."""

    def __init__(self, board: UartBoard, rng: np.random.Generator, extra: float) -> None:
        self._board, self._rng, self._extra = board, rng, extra
        self.name, self.baud, self._reads = board.name, board.baud, 0
        self._asked: set[int] = set()

    def write(self, data: bytes) -> None:
        self._asked = {frame.sequence for frame in link.FrameParser(IDENTITY.max_payload).feed(data)}
        self._board.write(data)

    def read(self, seconds: float) -> bytes:
        self._reads += 1
        assert self._reads < _READS, "the driver never gives up"
        data = self._board.read(seconds)
        return data + self._stray() if self._rng.random() < self._extra else data

    def _stray(self) -> bytes:
        """Other answers than those waited for, some damaged: of old requests, of other kinds, of wrong lengths."""
        frame = _frame(self._rng)
        if frame.sequence in self._asked and frame.command != link.ERROR:
            frame = frame._replace(command=0x90)
        raw = link.encode_frame(*frame)
        return _damage(self._rng, raw) if self._rng.random() < 0.5 else raw

    def send_break(self) -> None:
        self._board.send_break()

    def close(self) -> None:
        self._board.close()


def _conversation(rng: np.random.Generator) -> None:
    """Whatever the line does: each answer is the truth, or there is none."""
    try:
        driver = SerialBoard(_port(rng, IDENTITY))
        must_be(driver.identify(), _PACKED, "fuzzed")
        vectors = [_VECTORS[k] for k in rng.integers(0, len(_VECTORS), int(rng.integers(1, 80)))]
        assert driver.infer_many(vectors) == [(label_of(vector),) for vector in vectors]
        count = int(rng.integers(1, 1000))
        labels = [label_of(vector) for vector in _VECTORS[: IDENTITY.bench_vectors]]
        bench = driver.bench(count)
        checksum = link.bench_checksum(class_bytes(labels), count)
        assert (bench.checksum, bench.cycles) == (checksum, 10 * count + 90)
        assert driver.link_counters().good_frames >= driver.traffic.answered - 1
    except GateweaveError:
        return


def _another_board(rng: np.random.Generator) -> None:
    """Another model or build is never taken for the package's."""
    other = {str(rng.choice(["model_hash", "build_id"])): rng.bytes(8)}
    try:
        driver = SerialBoard(_port(rng, IDENTITY._replace(**other)))
        must_be(driver.identify(), _PACKED, "fuzzed")
    except GateweaveError:
        return
    raise AssertionError("another board is accepted")


def _port(rng: np.random.Generator, identity: link.Identity) -> _Liar:
    def rate() -> float:
        return float(10 ** rng.uniform(-5, -1.5)) if rng.random() < 0.5 else 0.0

    silent = int(rng.integers(2000)) if rng.random() < 0.2 else None
    line = Line(rate(), rate(), rate(), silent, seed=int(rng.integers(1 << 30)))
    return _Liar(uart_board(line, identity), rng, float(rng.choice([0.0, 0.05, 0.5])))
