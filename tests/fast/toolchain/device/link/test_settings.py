"""A setting: its range, its word on the wire, and what cannot be one."""

from __future__ import annotations

import pytest

from toolchain.device.link.protocol import REPLY, Frame
from toolchain.device.link.settings import (
    SETTING,
    Held,
    Setting,
    decode_reply,
    request_payload,
    setting_called,
    settings_of,
)
from toolchain.errors import ConfigError

LEVEL = Setting("level", 9, False, 0, 300, 5, "a level")
SHIFT = Setting("shift", 4, True, -8, 7, -2, "a shift", 1)


@pytest.mark.parametrize(("setting", "value", "word"), [(LEVEL, 300, 300), (SHIFT, -8, 0xFFFFFFF8), (SHIFT, 7, 7)])
def test_a_value_comes_back_from_its_word(setting: Setting, value: int, word: int) -> None:
    assert setting.word(value) == word and setting.value(word) == value


@pytest.mark.parametrize(("setting", "value"), [(LEVEL, 301), (LEVEL, -1), (SHIFT, 8)])
def test_a_value_outside_is_refused(setting: Setting, value: int) -> None:
    with pytest.raises(ConfigError, match=rf"setting {setting.name}: {value}: should be from {setting.low} to"):
        setting.word(value)


@pytest.mark.parametrize(
    ("bits", "signed", "low", "high", "reset"),
    [(8, False, 0, 256, 0), (8, True, -129, 0, 0), (8, False, 0, 9, 10), (0, False, 0, 0, 0), (33, False, 0, 1, 1)],
)
def test_a_range_that_does_not_fit_is_refused(bits: int, signed: bool, low: int, high: int, reset: int) -> None:
    with pytest.raises(ConfigError, match=f"do not fit {bits}"):
        Setting("level", bits, signed, low, high, reset, "")


def test_the_request_and_its_reply() -> None:
    assert request_payload(2) == b"\x02"
    assert request_payload(2, 0x01020304) == b"\x04\x03\x02\x01\x02"
    assert decode_reply(Frame(REPLY | SETTING, 9, b"\xfe\xff\xff\xff")) == Held(9, 0xFFFFFFFE)


def test_settings_are_known_by_name() -> None:
    described = [vars(LEVEL), vars(SHIFT)]
    assert setting_called(settings_of(described), "shift") == SHIFT
    with pytest.raises(ConfigError, match="setting width: the chip has only level, shift"):
        setting_called([LEVEL, SHIFT], "width")
    with pytest.raises(ConfigError, match="the chip has no settings"):
        setting_called([], "width")
