"""Settings of a chip: numbers that a host may change at run time, such as the threshold of a network that decides.

One record describes each wherever it is named: in the core, in the manifest, in the driver. Here are also the request
that writes or reads one over the UART, beside those of all boards (docs/host-link.md), and its reply; over AXI each is
a register (docs/axi.md). Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, List, Mapping, NamedTuple, Union  # noqa: UP035 (Python 3.8)

from toolchain.device.link import protocol as link
from toolchain.device.link import streamed
from toolchain.errors import ConfigError

SETTING = 0x08
"""Command of the UART host link: a setting's value (4 bytes) where it gets one, then its number."""

MOST = 255
"""Settings of one chip at most: their numbers go in a byte."""

_WORD = 32


@dataclass(frozen=True)
class Setting:
    """A number that a core takes from outside, and a host may change.

    Attributes:
        name: what a host calls it; a Verilog name.
        bits: 1 to 32.
        signed: whether it is two's complement.
        low, high: least and greatest value that it may have.
        reset: its value from configuration or reset on, until it is written.
        meaning: one line for people.
        number: of the chip's settings, from 0.
    """

    name: str
    bits: int
    signed: bool
    low: int
    high: int
    reset: int
    meaning: str
    number: int = 0

    def __post_init__(self) -> None:
        least = -(1 << (self.bits - 1)) if self.signed else 0
        fits = 1 <= self.bits <= _WORD and least <= self.low <= self.reset <= self.high < least + (1 << self.bits)
        if not fits:
            raise ConfigError(
                f"setting {self.name}: {self.low} to {self.high}, after a reset {self.reset}, do not fit {self.bits} "
                f"{'signed' if self.signed else 'unsigned'} bits"
            )

    def word(self, value: int) -> int:
        """A value as the chip takes it: a word of 32 bits.

        Raises:
            ConfigError: it is outside the setting's range.
        """
        if not self.low <= value <= self.high:
            raise ConfigError(f"setting {self.name}: {value:,}: should be from {self.low:,} to {self.high:,}")
        return value % (1 << _WORD)

    def value(self, word: int) -> int:
        """The value of a word that a chip tells."""
        return word - (1 << _WORD) if self.signed and word >> (_WORD - 1) else word


class Held(NamedTuple):
    """Reply to a request for a setting: the word that it holds now."""

    sequence: int
    word: int


Reply = Union[streamed.Reply, Held]  # noqa: UP007 (Python 3.8)


def request_payload(number: int, word: int | None = None) -> bytes:
    """The payload of a request: a setting's number, behind its new value where there is one."""
    return (b"" if word is None else word.to_bytes(4, "little")) + bytes([number])


def decode_reply(frame: link.Frame) -> Reply:
    """The typed reply that a frame carries, that of a setting or any other.

    Raises:
        ProtocolError: as `protocol.decode_reply`.
    """
    if frame.command == link.REPLY | SETTING and len(frame.payload) == _WORD // 8:
        return Held(frame.sequence, int.from_bytes(frame.payload, "little"))
    return streamed.decode_reply(frame)


def settings_of(described: Iterable[Mapping[str, Any]]) -> List[Setting]:  # noqa: UP006 (Python 3.8)
    """The settings that a manifest describes."""
    return [Setting(**entry) for entry in described]


def setting_called(settings: Sequence[Setting], name: str) -> Setting:
    """The setting of a name.

    Raises:
        ConfigError: there is none.
    """
    for setting in settings:
        if setting.name == name:
            return setting
    names = ", ".join(setting.name for setting in settings)
    raise ConfigError(f"setting {name}: the chip has {f'only {names}' if names else 'no settings'}")
