"""Bench meters against doubles of their libraries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from toolchain.device.agent.source import NonsenseError, SensorError
from toolchain.errors import ConfigError, ToolError
from toolchain.measure.meters import joulescope, open_meter, ppk2


class Driver:
    """pyjoulescope_driver's Driver as far as it is used."""

    def __init__(self, *paths: str, silent: bool = False) -> None:
        self.paths, self.silent = list(paths), silent
        self.published: dict[str, Any] = {}
        self.send: Callable[[str, Any], None] = lambda topic, value: None
        self.closed: list[str] = []

    def device_paths(self) -> list[str]:
        return self.paths

    def open(self, path: str) -> None:
        assert path in self.paths

    def publish(self, topic: str, value: Any) -> None:
        self.published[topic] = value

    def subscribe(self, topic: str, flags: str, callback: Callable[[str, Any], None]) -> None:
        assert flags == "pub"
        self.send = callback
        if not self.silent:
            callback(topic, energy(1.5))

    def close(self, path: str) -> None:
        self.closed.append(path)


def energy(joules: float) -> dict[str, Any]:
    return {"accumulators": {"energy": {"value": joules, "units": "J"}, "charge": {"value": 1.0, "units": "C"}}}


def test_joulescope_gives_the_devices_own_sum() -> None:
    driver, now = Driver("u/js220/000123", "u/js220/000456"), [10.0]
    source = joulescope.source_of(driver, "456", lambda: now[0])
    assert source.read() == 1.5
    driver.send("t", energy(2.5))
    assert source.read() == 2.5
    assert driver.published["u/js220/000456/s/stats/scnt"] == 50_000
    assert (source.traits.quantity, source.traits.kind, source.traits.time_constant_s) == ("energy", "measured", 0.05)
    now[0] += 4
    with pytest.raises(SensorError, match="sent nothing for 3 s"):
        source.read()
    source.close()
    assert driver.closed == ["u/js220/000456"]


def test_js110_has_its_own_topics() -> None:
    source = joulescope.source_of(Driver("u/js110/001"), "")
    assert source.traits.time_constant_s == 0.5


@pytest.mark.parametrize("paths", [(), ("u/js220/1", "u/js220/2")])
def test_not_one_joulescope(paths: tuple[str, ...]) -> None:
    with pytest.raises(ToolError, match=f"{len(paths)} Joulescopes match ''"):
        joulescope.source_of(Driver(*paths))


def test_a_silent_joulescope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joulescope, "_FIRST_S", 0.01)
    with pytest.raises(ToolError, match="sends no statistics"):
        joulescope.source_of(Driver("u/js220/1", silent=True))


class Kit:
    """ppk2_api's PPK2_API as far as it is used: 10 mA."""

    def __init__(self, *, newer: bool) -> None:
        self.newer, self.calls, self.left = newer, [], 3  # type: ignore[var-annotated]

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *words: self.calls.append((name, *words))

    def get_data(self) -> bytes:
        self.left -= 1
        return b"data" if self.left >= 0 else b""

    def get_samples(self, data: bytes) -> Any:
        samples = [10_000.0] * 1000
        return (samples, [0]) if self.newer else samples


@pytest.mark.parametrize("newer", [False, True])
def test_ppk2_adds_up_its_samples(newer: bool) -> None:
    kit = Kit(newer=newer)
    source = ppk2.source_of(kit, 3.3, "/dev/ttyACM0")
    deadline = time.monotonic() + 5
    while source.read() < 0.99e-3 - 1e-9 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert source.read() == pytest.approx(3 * 1000 * 1e-5 * 0.01 * 3.3)
    source.close()
    assert [call[0] for call in kit.calls] == [
        "get_modifiers", "set_source_voltage", "use_source_meter", "toggle_DUT_power", "start_measuring",
        "stop_measuring",
    ]  # fmt: skip
    assert ("set_source_voltage", 3300) in kit.calls


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ("multimeter", ConfigError, "METER=multimeter: should be i2c:BUS:ADDRESS:CHIP:OHMS, joulescope or ppk2"),
        ("ppk2:9000", ConfigError, "should be 800 to 5000 mV"),
        ("ppk2:five", ConfigError, "should be 800 to 5000 mV"),
        ("i2c:/nowhere:0x40:ina226:0.1", ToolError, "No such file"),
    ],
)
def test_meters_that_cannot_be(words: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_meter(words)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyjoulescope_driver", None)
    monkeypatch.setitem(sys.modules, "ppk2_api.ppk2_api", None)
    with pytest.raises(ToolError, match="pip install pyjoulescope_driver"):
        open_meter("joulescope")
    with pytest.raises(ToolError, match="GPL-2: pip install ppk2-api"):
        open_meter("ppk2")


@pytest.mark.parametrize(
    "said", [{}, None, {"accumulators": {"energy": {"value": "much"}}}, energy(float("nan")), energy(float("inf")),
             energy(1e24), energy(-5.0)]
)  # fmt: skip
def test_what_is_no_energy_is_nonsense_and_ends_no_thread(said: Any) -> None:
    driver = Driver("u/js220/1")
    source = joulescope.source_of(driver)
    driver.send("t", said)
    with pytest.raises(NonsenseError):
        source.read()
    driver.send("t", energy(2.5))
    assert source.read() == 2.5


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([float("nan")], "nan uA, should be within"),
        ([1.0, 1e24], r"1e\+24 uA, should be within"),
        ([-1e9], "-1e\\+09 uA"),
        (["x"], "the PPK2: "),
        (None, "the PPK2: "),
    ],
)
def test_what_is_no_current_is_told_and_adds_nothing(samples: Any, words: str) -> None:
    kit = Kit(newer=False)
    kit.get_samples = lambda data: samples  # type: ignore[method-assign]
    source = ppk2.source_of(kit, 3.3, "/dev/ttyACM0")
    message = ""
    deadline = time.monotonic() + 5
    while not message and time.monotonic() < deadline:
        try:
            source.read()
        except SensorError as error:
            message = str(error)
        time.sleep(0.005)
    assert re.match(words, message)
    source.close()


def test_an_unplugged_ppk2_is_told() -> None:
    kit = Kit(newer=False)

    def unplugged() -> bytes:
        raise OSError("device disconnected")

    kit.get_data = unplugged  # type: ignore[method-assign]
    source = ppk2.source_of(kit, 3.3, "p")
    time.sleep(0.1)
    with pytest.raises(SensorError, match="the PPK2: device disconnected"):
        source.read()
    source.close()


def test_what_a_meters_library_raises_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(serial: str) -> Any:
        raise RuntimeError("device is busy\nsecond line")

    monkeypatch.setattr(joulescope, "open_source", busy)
    with pytest.raises(ToolError, match=r"^METER=joulescope:7: device is busy$"):
        open_meter("joulescope:7")


def test_a_meter_that_falls_silent_at_once_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 20.0])
    monkeypatch.setattr(
        joulescope, "open_source", lambda serial: joulescope.source_of(Driver("u/js220/1"), "", lambda: next(times))
    )
    with pytest.raises(ToolError, match="METER=joulescope: cannot be read: the Joulescope sent nothing"):
        open_meter("joulescope")
