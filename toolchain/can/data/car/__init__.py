"""The synthetic car: CAN traffic with attacks, the same bytes for the same seed on every machine.

Everything trained on it is to be called synthetic wherever its figures appear.
"""

from toolchain.can.data.car.generate import Car, generate_car

__all__ = ["Car", "generate_car"]
