"""PYNQ: the driver asks of it only what pynq 2.7 to 3.x offer."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.device.link.axi.linux import LinuxDevice
from toolchain.device.link.axi.opening import choose_device
from toolchain.device.link.axi.with_pynq import PynqDevice
from toolchain.errors import ToolError


class _Array(np.ndarray):  # type: ignore[type-arg]
    """Memory behind a cache: what was not flushed is not in `memory`, what was not invalidated is old."""

    def __new__(cls, size: int) -> _Array:
        self = np.zeros(size, np.uint8).view(cls)
        self.memory, self.device_address, self.freed = bytearray(size), 0x7000_0000, False
        return self

    def flush(self) -> None:
        self.memory[:] = self.tobytes()

    def invalidate(self) -> None:
        self[:] = np.frombuffer(bytes(self.memory), np.uint8)

    def freebuffer(self) -> None:
        self.freed = True


@pytest.fixture
def pynq(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module: Any = types.ModuleType("pynq")
    module.__version__, module.__spec__ = "3.0.1", types.SimpleNamespace()
    module.loaded, module.mapped, module.arrays = [], [], []
    module.Overlay = module.loaded.append
    module.MMIO = lambda base, span: module.mapped.append((base, span))

    def allocate(shape: tuple[int], dtype: str) -> _Array:
        assert dtype == "u1"
        module.arrays.append(_Array(shape[0]))
        return module.arrays[-1]

    module.allocate = allocate
    monkeypatch.setitem(sys.modules, "pynq", module)
    return module


def test_auto_takes_pynq_where_it_is_installed(pynq: types.ModuleType) -> None:
    device = choose_device("auto")
    assert isinstance(device, PynqDevice)
    assert device.name == "pynq 3.0.1"


def test_auto_takes_linux_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(choose_device("auto"), LinuxDevice)


def test_overlay_registers_and_memory(pynq: Any) -> None:
    device = PynqDevice()
    device.load(Path("a/x.bit"))
    device.registers(0xA0000000, 0x10000)
    buffer = device.buffer(64)
    buffer.write(b"abc")
    [array] = pynq.arrays
    assert array.memory[:3] == b"abc"
    array.memory[:3] = b"xyz"
    assert buffer.read(3) == b"xyz"
    assert (buffer.address, buffer.size) == (0x7000_0000, 64)
    device.close()
    assert array.freed
    assert (pynq.loaded, pynq.mapped) == (["a/x.bit"], [(0xA0000000, 0x10000)])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Overlay", lambda device: device.load(Path("x.bit"))),
        ("MMIO", lambda device: device.registers(0, 4)),
        ("allocate", lambda device: device.buffer(4)),
    ],
)
def test_whatever_pynq_raises_becomes_one_line(pynq: Any, name: str, call: Any) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise RuntimeError("Root permissions required.")

    setattr(pynq, name, fail)
    with pytest.raises(ToolError, match="Root permissions required"):
        call(PynqDevice())


def test_a_pynq_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(ToolError, match="--device linux"):
        PynqDevice()
