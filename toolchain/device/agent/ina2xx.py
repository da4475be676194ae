"""INA219 and INA226 on a bare I2C bus, without a kernel driver: an external meter for boards that have none.

Registers and steps: TI, SBOS448 (INA219) and SBOS547 (INA226).
"""

from __future__ import annotations

import os
from typing import Protocol

from .source import INPUT, MEASURED, POWER, NonsenseError, SensorError, Source, Traits, product

_I2C_SLAVE = 0x0703
_CONFIG, _SHUNT, _BUS, _MAKER = 0x00, 0x01, 0x02, 0xFE
_TI = 0x5449
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_CONVERSIONS_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)
_CHIPS = {"ina219": (10e-6, 4e-3, 3), "ina226": (2.5e-6, 1.25e-3, 0)}  # V of a shunt step, V of a bus step, bus shift
_TYPICAL_VOLT = 5.0


class Registers(Protocol):
    """Reads one 16-bit register."""

    def __call__(self, register: int, /) -> int:
        """The register's value; raises `SensorError`."""


def open_registers(bus: str, address: int) -> Registers:
    """Registers of the chip at an address of `/dev/i2c-<n>`.

    Raises:
        SensorError: the bus cannot be opened.
    """
    from fcntl import ioctl

    try:
        handle = os.open(bus, os.O_RDWR | os.O_CLOEXEC)
        ioctl(handle, _I2C_SLAVE, address)
    except OSError as error:
        raise SensorError(f"{bus}: {error.strerror}; load i2c-dev, and let the user read the bus") from error

    def read(register: int) -> int:
        try:
            os.write(handle, bytes([register]))
            return int.from_bytes(os.read(handle, 2), "big")
        except OSError as error:
            raise SensorError(f"{bus} at {address:#x}: {error.strerror}") from error

    return read


def ina2xx_source(chip: str, ohms: float, registers: Registers, path: str) -> Source:
    """The chip as a source of power.

    Args:
        chip: `ina219` or `ina226`.
        ohms: of the shunt.
        path: where it is, for the result.

    Raises:
        SensorError: another chip, an impossible shunt, or no answer.
    """
    if chip not in _CHIPS or not 0 < ohms < 100:
        raise SensorError(f"{chip} with {ohms:g} ohm: should be {' or '.join(_CHIPS)} with a shunt of 0 to 100 ohm")
    if chip == "ina226" and registers(_MAKER) != _TI:
        raise SensorError(f"{path}: no INA226 answers (maker {registers(_MAKER):04x}, expected {_TI:04x})")
    step, bus_step, shift = _CHIPS[chip]
    seconds = conversion_seconds(chip, registers(_CONFIG))
    traits = Traits(chip, f"supply ({chip})", INPUT, MEASURED, POWER, seconds, step / ohms * _TYPICAL_VOLT, path)

    def read() -> float:
        shunt, bus = registers(_SHUNT), registers(_BUS)
        if bus == 0xFFFF:
            raise NonsenseError("bus voltage reads ffff")
        return product((bus >> shift) * bus_step, _signed(shunt) * step / ohms)

    return Source(traits, read)


def conversion_seconds(chip: str, config: int) -> float:
    """Seconds that one reading averages over, as the configuration register sets them."""
    if chip == "ina226":
        pair = _CONVERSIONS_S[config >> 6 & 7] + _CONVERSIONS_S[config >> 3 & 7]
        return _AVERAGES[config >> 9 & 7] * pair
    return sum(532e-6 * (1 << (code - 8) if code >= 8 else 1) for code in (config >> 7 & 15, config >> 3 & 15))


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
