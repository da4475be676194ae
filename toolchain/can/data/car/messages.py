"""The messages of the synthetic car: a small signal database, and how it turns into payloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from toolchain.can.data.car.driving import Integers
from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes


@dataclass(frozen=True)
class Message:
    """One periodic message.

    Attributes:
        identifier: 11 bits; the lower, the higher its priority.
        period_us: nominal period.
        layout: its bytes, first on the bus first. Two hexadecimal digits are a constant; ``name``
            is the low byte of a channel, ``name.h`` its high byte; ``count`` is a 4-bit alive
            counter, ``name+count`` the same with a channel in the high nibble; ``xor`` and ``sum``
            are checksums of the identifier's bytes and all bytes before.
    """

    identifier: int
    period_us: int
    layout: tuple[str, ...]

    @property
    def length(self) -> int:
        """Number of bytes."""
        return len(self.layout)


ENGINE, GEARBOX = 0x316, 0x43F

_TABLE = """
0A0   10 yaw yaw.h lateral lateral.h 00 00 count xor
0B0   10 steering steering.h steering_rate 00 10 00 count xor
0F1   10 brake braking 00 00 00 40 count sum
130   10 wheel_fl wheel_fl.h wheel_fr wheel_fr.h 00 80 count xor
131   10 wheel_rl wheel_rl.h wheel_rr wheel_rr.h 00 80 count xor
18F   10 fe torque 00 00 00 3c 00 sum
260   10 19 request torque 30 ff 8f moving+count sum
316   10 05 torque rpm rpm.h request friction moving+count xor
329   20 40 coolant 7f 14 11 20 pedal 14
43F   10 selector gears shaft_in shaft_out oil 60 moving+count xor
080   20 00 17 pedal 09 braking 00 count sum
165   20 speed speed.h 0f ff 00 00 count xor
1F1   20 lights 00 00 00 00 00 00 00
220   20 lateral lateral.h 3f 00 0c 00 count sum
251   20 steering steering.h 28 00 00 count xor
2A0   20 request 00 97 1d 97 02 bd 00
2B0   20 steering steering.h 00 07 count
2C0   20 15 moving 00 00 00 00 00 00
350   50 05 20 a4 68 gear 00 count xor
370   50 00 20 doors 00 00 00
382   50 40 fe 0f 00 speed.h 00 00 08
390   50 outside 00 00 07 80 count xor
410  100 coolant oil outside 00 00 00 00 00
430  100 00 00 battery 00 ff 00 count sum
440  100 ff 00 00 00 ff climate 09 00
4B0  100 wiper 00 00 00 00 00 00 00
4B1  100 fuel fuel.h 00 00 00 80 00 00
4F0  100 lights doors 00 80 00 count xor
510  100 climate 3c 00 00 ff 01
545  100 d8 battery 00 8a 00 00 00 00
587  200 00 60 41 06 00 coolant 00 00
59B  200 00 00 00 00 outside 00 00 ff
5A0  200 08 00 03 fuel
5F0  200 01 00
640  500 oil 5a 01 00 00 00 count sum
690 1000 00 minutes seconds 20 00 00 00 00
6F0 1000 odometer odometer.h 00 01 00 00
7A0 1000 55 aa 01 02 03 04 05 06
"""


def _parse(line: str) -> Message:
    identifier, period_ms, *layout = line.split()
    return Message(int(identifier, 16), 1000 * int(period_ms), tuple(layout))


MESSAGES = tuple(_parse(line) for line in _TABLE.strip().splitlines())
BY_IDENTIFIER = {message.identifier: message for message in MESSAGES}


def payloads(message: Message, channels: Mapping[str, Integers], count: Integers) -> Bytes:
    """Payloads of successive frames of a message, uint8 (n, 8).

    Args:
        message: its layout.
        channels: the value of every channel at each frame, (n,) each.
        count: alive counter of each frame, (n,); its low 4 bits are used.
    """
    payload = np.zeros((len(count), PAYLOAD_BYTES), np.uint8)
    for place, item in enumerate(message.layout):
        before = payload[:, :place]
        payload[:, place] = _byte(message, item, channels, count, before) & 0xFF
    return payload


def _byte(message: Message, item: str, channels: Mapping[str, Integers], count: Integers, before: Bytes) -> Integers:
    if item in ("xor", "sum"):
        return _checksum(message, item, before)
    name, _, rest = item.partition("+")
    if name == "count" or rest:
        high = channels[name] << 4 if rest else 0
        return (count & 0xF) | high
    if len(item) == 2:
        return np.full(len(count), int(item, 16))
    return channels[item.removesuffix(".h")] >> (8 if item.endswith(".h") else 0)


def _checksum(message: Message, kind: str, before: Bytes) -> Integers:
    words = before.astype(np.int64)
    low, high = message.identifier & 0xFF, message.identifier >> 8
    if kind == "sum":
        total: Integers = words.sum(axis=1) + low + high
        return total
    parity: Integers = np.bitwise_xor.reduce(words, axis=1) ^ low ^ high
    return parity
