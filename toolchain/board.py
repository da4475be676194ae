"""What a board is: the schema of `boards/<board>/board.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Positive = Annotated[int, Field(gt=0)]


class Resources(_Strict):
    """What the device holds. `lut` counts look-up tables of the device's own size (4 inputs on the open boards)."""

    lut: Positive
    ff: Positive
    bram: Positive
    dsp: Annotated[int, Field(ge=0)]


class Fpga(_Strict):
    """The FPGA and how its tools name it.

    Attributes:
        family: selects the backend in `toolchain/fpga`.
        part: the manufacturer's full ordering code.
        device, package, speed: the names place and route takes.
        bram_kbit: usable kilobits of one block RAM.
        settings: device-wide settings as the family's constraint file names them (ECP5: SYSCONFIG).
    """

    family: Literal["ecp5", "ice40", "gowin"]
    part: str
    device: str
    package: str
    speed: str = ""
    resources: Resources
    bram_kbit: Positive
    settings: dict[str, str] = {}


class Pin(_Strict):
    """One pin of the chip top: its ball or pin number, and I/O attributes as its constraint file names them."""

    pin: str
    attributes: dict[str, str] = {}


class Clock(_Strict):
    """The oscillator that clocks the whole design."""

    mhz: Annotated[float, Field(gt=0, le=1000)]
    pin: Pin


class Uart(_Strict):
    """The UART host link; rx and tx as seen from the FPGA."""

    kind: Literal["uart"]
    baud: Annotated[int, Field(ge=9600, le=12_000_000)]
    rx: Pin
    tx: Pin


class Target(_Strict):
    """What a build aims at: inferences per second, and the share of the device that the design may use."""

    fps: Annotated[float, Field(gt=0)]
    share: Annotated[float, Field(gt=0, le=1)]


class Flash(_Strict):
    """How openFPGALoader names the board."""

    board: str


class Board(_Strict):
    """One board. `flow` names the rule file in `flows/` that builds for it."""

    name: str
    title: str
    vendor: str
    flow: Literal["fpga_open"]
    fpga: Fpga
    clock: Clock
    host_link: Uart
    led: Pin
    target: Target
    flash: Flash
    sensors: list[str] = []
