"""How long a driver waits for a processor."""

from __future__ import annotations

from toolchain.device.link.patience import Patience, for_processor


def test_a_processor_is_given_the_time_of_its_instructions() -> None:
    slow = for_processor(30_000_000, 125_000_000)
    assert slow is not None and slow.reply > 1.0 + Patience().reply
    assert for_processor(None, 125_000_000) is None
