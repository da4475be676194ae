from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import can
import pytest

from toolchain.can.live.batch import Batch
from toolchain.can.live.bus import BusSource, dropped_by
from toolchain.errors import ToolError


@pytest.fixture
def sender(request: pytest.FixtureRequest) -> Iterator[Any]:
    with can.Bus(interface="virtual", channel=request.node.name) as bus:
        yield bus


def listen(sender: Any, **options: int) -> BusSource:
    return BusSource(f"virtual:{sender.channel_id}", **options)


def message(number: int, **options: Any) -> can.Message:
    return can.Message(arbitration_id=number, data=number.to_bytes(2, "big"), is_extended_id=number > 0x7FF, **options)


def collect(source: BusSource, frames: int) -> list[Batch]:
    batches: list[Batch] = []
    for batch in source.batches(64):
        batches.append(batch)
        if sum(len(b.frames) for b in batches) >= frames:
            return batches
    return batches


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not done() and time.monotonic() < until:
        time.sleep(0.005)
    assert done()


def test_frames_come_in_order_and_whole(sender: Any) -> None:
    source = listen(sender)
    for number in range(300):
        sender.send(message(number * 7))
    batches = [batch for batch in collect(source, 300) if len(batch.frames)]
    source.close()
    found = [int(i) for batch in batches for i in batch.frames.identifier]
    assert found == [number * 7 for number in range(300)]
    assert all(1 <= len(batch.frames) <= 64 for batch in batches)
    last = batches[-1].frames
    assert last.length[-1] == 2
    assert last.payload[-1].tolist() == [299 * 7 >> 8, 299 * 7 & 255, 0, 0, 0, 0, 0, 0]
    assert abs(time.time() - last.time[-1]) < 60


def test_what_is_no_classic_data_frame_is_counted_and_skipped(sender: Any) -> None:
    source = listen(sender)
    sender.send(can.Message(arbitration_id=1, is_remote_frame=True, is_extended_id=False))
    sender.send(can.Message(arbitration_id=4, is_error_frame=True, data=bytes(8)))
    sender.send(can.Message(arbitration_id=2, is_fd=True, data=bytes(12), is_extended_id=False))
    sender.send(message(3))
    [batch] = [batch for batch in collect(source, 1) if len(batch.frames)]
    source.close()
    assert batch.frames.identifier.tolist() == [3]
    assert source.notices == [
        "1 error frames skipped",
        "1 remote frames skipped",
        "1 CAN-FD frames of more than 8 bytes skipped",
    ]


def test_identifiers_that_are_one_to_the_network_are_said(sender: Any) -> None:
    source = listen(sender)
    for number in (0x123, 0x12340123, 0x124):
        sender.send(message(number & 0x7FF) if number < 0x800 else can.Message(arbitration_id=number, data=b"x"))
    collect(source, 3)
    source.close()
    assert source.notices == ["3 identifiers are 2 to the network, which sees only the low 11 bits of an identifier"]


def test_silence_is_told_and_closing_ends_it(sender: Any) -> None:
    source = listen(sender)
    batches = source.batches(64)
    first = next(batches)
    assert not len(first.frames)
    assert first.idle > 0
    source.close()
    assert not [batch for batch in batches if len(batch.frames)]


def test_frames_that_come_too_fast_are_counted_and_windows_begin_anew(sender: Any) -> None:
    source = listen(sender, queue=50)
    for number in range(120):
        sender.send(message(number))
    wait_for(lambda: len(source._rows) == 20)
    batch = next(source.batches(64))
    source.close()
    assert (batch.lost, batch.fresh) == (100, True)
    assert batch.frames.identifier.tolist() == list(range(100, 120))


@pytest.mark.parametrize("channel", ["gateweave-none", "virtuel:x", "slcan:/dev/gateweave-none"])
def test_a_channel_that_is_not_there_is_one_line(channel: str) -> None:
    with pytest.raises(ToolError, match=channel):
        BusSource(channel)


def test_a_channel_that_fails_is_one_line_after_the_frames_before(sender: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = listen(sender)
    sender.send(message(5))
    wait_for(lambda: len(source._rows) == 1)

    def fail(_: float) -> None:
        raise can.CanOperationError("Network is down")

    monkeypatch.setattr(source._bus, "recv", fail)
    batches = source.batches(64)
    assert next(batches).frames.identifier.tolist() == [5]
    with pytest.raises(ToolError, match="Network is down"):
        list(batches)
    source.close()


def test_the_system_says_what_it_dropped() -> None:
    receiver, sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with receiver, sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("127.0.0.1", 0))
        assert dropped_by(receiver) == 0
        for _ in range(100):
            sender.sendto(bytes(500), receiver.getsockname())
        receiver.setblocking(False)
        held = 0
        try:
            while receiver.recv(500):
                held += 1
        except BlockingIOError:
            pass
        assert dropped_by(receiver) == 100 - held > 0
    assert dropped_by(None) == 0


def test_every_frame_is_judged_or_said_to_be_lost(sender: Any) -> None:
    source, count = listen(sender, queue=40), 1000
    player = threading.Thread(target=lambda: [sender.send(message(number)) for number in range(count)])
    player.start()
    judged = lost = 0
    for batch in source.batches(16):
        judged, lost = judged + len(batch.frames), lost + batch.lost
        assert batch.fresh == (batch.lost > 0)
        if judged + lost == count:
            break
        time.sleep(0.001)
    source.close()
    player.join()
    assert lost > 0
