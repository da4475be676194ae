"""INA219 and INA226 on a bare I2C bus, without a kernel driver: an external meter for boards that have none.

Registers and steps: TI, SBOS448 (INA219) and SBOS547 (INA226).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Protocol

from .source import INPUT, MEASURED, POWER, Lost, NonsenseError, SensorError, Source, Traits, product

_I2C_SLAVE, _I2C_MAJOR = 0x0703, 89
_CONFIG, _SHUNT, _BUS, _MAKER = 0x00, 0x01, 0x02, 0xFE
_TI = 0x5449
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_CONVERSIONS_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)
_CHIPS = {"ina219": (10e-6, 4e-3, 3), "ina226": (2.5e-6, 1.25e-3, 0)}  # V of a shunt step, V of a bus step, bus shift
_TYPICAL_VOLT = 5.0
_FULL_SCALE = (0x7FFF, -0x8000)


class Registers(Protocol):
    """Reads one 16-bit register."""

    def __call__(self, register: int, /) -> int:
        """The register's value; raises `SensorError`."""


def open_bus(bus: str, address: int) -> int:
    """A descriptor of `/dev/i2c-<n>` that talks to the chip at an address.

    Raises:
        SensorError: it is no I2C bus, or cannot be opened; nothing else is opened, since that may start a device.
    """
    from fcntl import ioctl

    handle = -1
    try:
        there = os.stat(bus)
        if not stat.S_ISCHR(there.st_mode) or os.major(there.st_rdev) != _I2C_MAJOR:
            raise OSError(errno.ENOTTY, "is no I2C bus")
        handle = os.open(bus, os.O_RDWR | os.O_CLOEXEC)
        ioctl(handle, _I2C_SLAVE, address)
    except (OSError, ValueError, OverflowError) as error:
        if handle >= 0:
            os.close(handle)
        why = getattr(error, "strerror", None) or error
        raise SensorError(f"{bus}: {why}; load i2c-dev, and let the user read the bus") from error
    return handle


def registers_of(handle: int, name: str) -> Registers:
    """Registers of the chip that a descriptor talks to.

    Args:
        name: of bus and address, for the message.
    """

    def read(register: int) -> int:
        try:
            os.write(handle, bytes([register]))
            word = os.read(handle, 2)
        except OSError as error:
            raise SensorError(f"{name}: {error.strerror}") from error
        if len(word) != 2:
            raise SensorError(f"{name}: {len(word)} bytes for a register of 2")
        return int.from_bytes(word, "big")

    return read


def ina2xx_sensor(chip: str, ohms: float, bus: str, address: int) -> Source | Lost:
    """The chip at an address of a bus; lost where it is named rightly and cannot be read.

    Raises:
        SensorError: a chip or a shunt that cannot be.
    """
    must_be_known(chip, ohms)
    path = f"{bus}:{address:#x}"
    try:
        handle = open_bus(bus, address)
        try:
            return ina2xx_source(chip, ohms, registers_of(handle, path), path, lambda: os.close(handle))
        except SensorError:
            os.close(handle)
            raise
    except SensorError as error:
        return Lost(chip, INPUT, str(error))


def must_be_known(chip: str, ohms: float) -> None:
    """Refuse a chip or a shunt that cannot be.

    Raises:
        SensorError: names them.
    """
    if chip not in _CHIPS or not 0 < ohms < 100:
        raise SensorError(f"{chip} with {ohms:g} ohm: should be {' or '.join(_CHIPS)} with a shunt of 0 to 100 ohm")


def ina2xx_source(
    chip: str, ohms: float, registers: Registers, path: str, close: Callable[[], None] = lambda: None
) -> Source:
    """The chip as a source of power.

    Args:
        chip: `ina219` or `ina226`.
        ohms: of the shunt.
        path: where it is, for the result.
        close: lets go of the bus.

    Raises:
        SensorError: another chip, an impossible shunt, or no answer.
    """
    must_be_known(chip, ohms)
    if chip == "ina226" and registers(_MAKER) != _TI:
        raise SensorError(f"{path}: no INA226 answers (maker {registers(_MAKER):04x}, expected {_TI:04x})")
    step, bus_step, shift = _CHIPS[chip]
    seconds = conversion_seconds(chip, registers(_CONFIG))
    traits = Traits(chip, f"supply ({chip})", INPUT, MEASURED, POWER, seconds, step / ohms * _TYPICAL_VOLT, path)

    def read() -> float:
        shunt, bus = _signed(registers(_SHUNT)), registers(_BUS)
        if bus == 0xFFFF:
            raise NonsenseError("bus voltage reads ffff")
        if shunt in _FULL_SCALE:
            raise NonsenseError("the shunt's voltage is at the end of the range; take a smaller shunt")
        return product((bus >> shift) * bus_step, shunt * step / ohms)

    return Source(traits, read, close)


def conversion_seconds(chip: str, config: int) -> float:
    """Seconds that one reading averages over, as the configuration register sets them."""
    if chip == "ina226":
        pair = _CONVERSIONS_S[config >> 6 & 7] + _CONVERSIONS_S[config >> 3 & 7]
        return _AVERAGES[config >> 9 & 7] * pair
    return sum(532e-6 * (1 << (code - 8) if code >= 8 else 1) for code in (config >> 7 & 15, config >> 3 & 15))


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
