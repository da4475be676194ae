"""What a board is: the schema of `boards/<board>/board.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Positive = Annotated[int, Field(gt=0, le=10**9)]

# Text reaches constraint files, command lines, paths and pages: each kind has a pattern.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A folder's or a tool's name for something."""
Title = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^\S")]
"""Words for people."""
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./+-]{1,64}$")]
"""One word of a constraint file or an option: a pin, a grade, a setting."""
Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
"""The name of an attribute or a setting."""


class Resources(_Strict):
    """What the device holds. `lut` counts look-up tables of the device's own size (4 inputs on the open boards, 6 on
    AMD's); `bram` counts block RAMs of the board's `bram_kbit`.
    """

    lut: Positive
    ff: Positive
    bram: Positive
    dsp: Annotated[int, Field(ge=0)]
    uram: Annotated[int, Field(ge=0)] = 0


class Target(_Strict):
    """What a build aims at: inferences per second, and the share of the device that the design may use.

    Attributes:
        bram_share: of block RAMs, where it is another one: they do not crowd the wires as LUTs do.
    """

    fps: Annotated[float, Field(gt=0, le=1e12)]
    share: Annotated[float, Field(gt=0, le=1)]
    bram_share: Annotated[float, Field(gt=0, le=1)] | None = None

    def blocks(self, count: int) -> int:
        """Block RAMs that the design may use, of so many."""
        return int(count * (self.share if self.bram_share is None else self.bram_share))


class Board(_Strict):
    """What all boards have. `flow` picks the schema of the rest.

    Attributes:
        flows: the ways a build can go on this board, rule files of `flows/`; the first is the default.
        sensors: power sensors by their hwmon name, which `measure` looks for; empty where the board has none.
    """

    flows: ClassVar[tuple[str, ...]]

    name: Name
    title: Title
    vendor: Title
    sensors: list[Name] = []

    @property
    def full_title(self) -> str:
        """Vendor and title; the vendor once where the title begins with it, and not where it is "any"."""
        named = self.vendor == "any" or self.title.startswith(self.vendor)
        return self.title if named else f"{self.vendor} {self.title}"


def fpga_families() -> list[str]:
    """The words that `fpga.family` of an open board may be: one file each of `toolchain/fpga/families`."""
    folder = Path(__file__).parent / "fpga" / "families"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _known_family(word: str) -> str:
    known = fpga_families()
    if word not in known:
        raise ValueError(" or ".join([", ".join(known[:-1]), known[-1]]))
    return word


class Fpga(_Strict):
    """An FPGA of the open flow and how its tools name it.

    Attributes:
        family: selects the backend, a file of `toolchain/fpga/families`.
        part: the manufacturer's full ordering code.
        device, package, speed: the names place and route takes.
        bram_kbit: usable kilobits of one block RAM.
        spram: large RAMs of one port that it has besides.
        settings: device-wide settings as the family's constraint file names them (ECP5: SYSCONFIG).
    """

    family: Annotated[Word, AfterValidator(_known_family)]
    part: Word
    device: Word
    package: Word
    speed: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./+-]{0,64}$")] = ""
    resources: Resources
    bram_kbit: Positive
    spram: Annotated[int, Field(ge=0)] = 0
    settings: dict[Key, Word] = {}


class Pin(_Strict):
    """One pin of the chip top: its ball or pin number, and I/O attributes as its constraint file names them."""

    pin: Word
    attributes: dict[Key, Word] = {}


Megahertz = Annotated[float, Field(gt=0, le=1000)]


class Clock(_Strict):
    """The oscillator of the board, and what the FPGA's PLL may make of it.

    Attributes:
        mhz: the oscillator's own.
        choices: clocks that the PLL makes, of which a build takes the fastest that its routed design bears; empty where
            the design is to run at the oscillator's own.
    """

    mhz: Megahertz
    pin: Pin
    choices: list[Megahertz] = []


class Uart(_Strict):
    """The UART host link; rx and tx as seen from the FPGA."""

    kind: Literal["uart"]
    baud: Annotated[int, Field(ge=9600, le=12_000_000)]
    rx: Pin
    tx: Pin


# Flashes are erased in blocks of so many bytes; one that 24 bits address has 16 MiB.
_ERASED, _ADDRESSED = 0x10000, 1 << 24


class FlashMemory(_Strict):
    """The SPI flash that the FPGA is configured from, where the design may read it, too; pins as seen from the FPGA.

    Attributes:
        mbyte: its size, MiB.
        offset: where weights lie that the design loads, in bytes, behind the bitstream.
        select, clock: chip select (low: selected) and clock.
        to_flash, from_flash: the data lines.
    """

    mbyte: Annotated[int, Field(ge=1, le=16)]
    offset: Annotated[int, Field(gt=0, lt=_ADDRESSED, multiple_of=_ERASED)]
    select: Pin
    clock: Pin
    to_flash: Pin
    from_flash: Pin


class Flash(_Strict):
    """How openFPGALoader names the board, and its flash memory where weights may be loaded from it."""

    board: Name
    memory: FlashMemory | None = None


# Bytes of a large RAM, whose weights the flash must hold.
_LARGE_RAM = 0x8000


class OpenBoard(Board):
    """A board whose FPGA the open tools implement, up to the bitstream."""

    flows: ClassVar[tuple[str, ...]] = ("fpga_open",)

    flow: Literal["fpga_open"]
    target: Target
    fpga: Fpga
    clock: Clock
    host_link: Uart
    led: Pin
    flash: Flash

    @model_validator(mode="after")
    def _weights_lie_in_the_flash(self) -> OpenBoard:
        memory = self.flash.memory
        if memory and memory.offset + self.fpga.spram * _LARGE_RAM > memory.mbyte << 20:
            most = (memory.mbyte << 20) - self.fpga.spram * _LARGE_RAM
            raise ValueError(f"flash.memory.offset: {memory.offset:#x}: should be {most:#x} at most")
        return self


class AmdFpga(_Strict):
    """The programmable logic of a Zynq.

    Attributes:
        part: Vivado's part name.
        bram_kbit: kilobits of one block RAM as `resources.bram` counts them (18: halves of a RAMB36).
    """

    family: Literal["zynq_7000", "zynq_ultrascale"]
    part: Word
    resources: Resources
    bram_kbit: Literal[18]


class ProcessingSystem(_Strict):
    """The Arm side, which runs Linux and the driver.

    Attributes:
        board_part: Vivado's board file, which presets DDR and I/O of the processing system.
        finn: the board's name in FINN's shell.
        machine: what `uname -m` says there.
        image: the Linux image that the driver was written for.
    """

    board_part: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+:part0:[A-Za-z0-9_.-]+$")]
    finn: Name
    machine: Literal["aarch64", "armv7l"]
    image: Title


class FabricClock(_Strict):
    """The clock that the processing system gives to the logic (pl_clk0 or FCLK_CLK0)."""

    mhz: Megahertz


class Axi(_Strict):
    """The AXI host link of our own shell; addresses as the processor sees them, data_bits of the AXI4-Streams.

    FINN's shell assigns addresses of its own.

    Attributes:
        control: registers of the design, AXI4-Lite.
        dma: registers of the AXI DMA that bursts go through.
    """

    kind: Literal["axi"]
    control: Annotated[int, Field(gt=0, lt=1 << 40)]
    dma: Annotated[int, Field(gt=0, lt=1 << 40)]
    data_bits: Literal[32, 64]


# Where each family's processor reaches the logic: M_AXI_GP0 (UG585), and M_AXI_HPM0_FPD (UG1085).
_PORTS = {
    "zynq_7000": range(0x4000_0000, 0x8000_0000),
    "zynq_ultrascale": range(0xA000_0000, 0xB000_0000),
}
_SPAN = 0x10000


class AmdBoard(Board):
    """A Zynq board: FINN or our own RTL up to a hand-off, which Vivado finishes."""

    flows: ClassVar[tuple[str, ...]] = ("finn", "dataflow")

    flow: Literal["fpga_amd"]
    target: Target
    fpga: AmdFpga
    clock: FabricClock
    processing_system: ProcessingSystem
    host_link: Axi

    @model_validator(mode="after")
    def _addresses_lie_in_the_port(self) -> AmdBoard:
        port, link = _PORTS[self.fpga.family], self.host_link
        for key in ("control", "dma"):
            address = getattr(link, key)
            if address not in port or address % _SPAN:
                raise ValueError(
                    f"host_link.{key}: {address:#x}: should be a multiple of {_SPAN:#x} from {port.start:#x} to "
                    f"{port.stop - _SPAN:#x}, where the processor reaches the logic"
                )
        if link.control == link.dma:
            raise ValueError(f"host_link: control and dma are both {link.dma:#x}: should be {_SPAN:#x} or more apart")
        return self


class Wheel(_Strict):
    """One Python package for the device, as the file that pip would install.

    Attributes:
        sha256: of that file; None only where its maker publishes none.
        source: where a person gets it, if not from PyPI.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]+-[0-9][A-Za-z0-9_.+!]*(-[A-Za-z0-9_.]+){3}\.whl$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    source: Title | None = None

    @property
    def name(self) -> str:
        """The distribution, with hyphens."""
        return self.file.split("-")[0].replace("_", "-")

    @property
    def version(self) -> str:
        """Its version."""
        return self.file.split("-")[1]

    @property
    def python(self) -> str:
        """The Python it was built for, such as "3.11"."""
        tag = self.file.split("-")[2]
        return f"{tag[2]}.{tag[3:]}"

    @property
    def platforms(self) -> list[str]:
        """The platforms it was built for, such as `manylinux_2_28_aarch64`."""
        return self.file.removesuffix(".whl").split("-")[4].split(".")


class Runtime(_Strict):
    """What runs on the device, and what a package for it may ask of it.

    Attributes:
        machine: what `uname -m` says there.
        image: the operating system that the versions below are those of.
        python: the device's Python, such as "3.11".
        onnxruntime: the version of ONNX Runtime that is pinned for it.
        opset: the highest ONNX opset that a graph may use there.
        ir_version: the highest version of the ONNX file format.
        providers: execution providers in the order of preference.
        cores: cores of the processor.
        core: the one that latency is measured on.
        wheels: the pinned packages, ONNX Runtime and NumPy.
        emulator: the processor that qemu plays in `make verify`; None where that is not possible, or not needed.
    """

    machine: Literal["x86_64", "aarch64"]
    image: Title
    python: Annotated[str, Field(pattern=r"^3\.[0-9]+$")]
    onnxruntime: Annotated[str, Field(pattern=r"^1\.[0-9]+\.[0-9]+$")]
    opset: Annotated[int, Field(ge=13, le=21)]
    ir_version: Annotated[int, Field(ge=7, le=10)]
    providers: Annotated[list[Key], Field(min_length=1)]
    cores: Positive
    core: Annotated[int, Field(ge=0)]
    wheels: list[Wheel]
    emulator: Literal["cortex-a53", "cortex-a72", "cortex-a76"] | None = None

    @property
    def adds_in_float16(self) -> bool:
        """Whether the processor has arithmetic in float16 (Armv8.2, FEAT_FP16), which ONNX Runtime then sums in."""
        return self.emulator == "cortex-a76"

    @model_validator(mode="after")
    def _is_one_device(self) -> Runtime:
        if self.core >= self.cores:
            raise ValueError(f"core: {self.core}: should be 0 to {self.cores - 1}, one of the cores")
        if sorted(wheel.name.removesuffix("-gpu") for wheel in self.wheels) != ["numpy", "onnxruntime"]:
            raise ValueError("wheels: should be two: onnxruntime (or onnxruntime-gpu) and numpy")
        for wheel in self.wheels:
            self._must_fit(wheel)
        return self

    def _must_fit(self, wheel: Wheel) -> None:
        pinned = self.onnxruntime if wheel.name.startswith("onnxruntime") else wheel.version
        if wheel.python != self.python or wheel.version != pinned:
            raise ValueError(f"wheels: {wheel.file}: should be for Python {self.python}, of version {pinned}")
        if any(not platform.endswith(self.machine) for platform in wheel.platforms):
            raise ValueError(f"wheels: {wheel.file}: should be for {self.machine}")


class Jetson(_Strict):
    """What comes with a Jetson and its JetPack.

    Attributes:
        jetpack: the release; tensorrt and cuda: what it brings.
        soc: the chip's name in the device tree.
        compute_capability: of the GPU, such as "8.7".
        int8: whether the GPU computes in INT8.
        power_modes: names that `nvpmodel` has for its modes.
    """

    jetpack: Name
    tensorrt: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)*$")]
    cuda: Name
    soc: Annotated[str, Field(pattern=r"^tegra[0-9]+$")]
    compute_capability: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    int8: bool
    power_modes: dict[int, Name]


class OrtBoard(Board):
    """A computer that runs the network with ONNX Runtime."""

    flows: ClassVar[tuple[str, ...]] = ("ort",)

    flow: Literal["ort"]
    runtime: Runtime
    jetson: Jetson | None = None

    @model_validator(mode="after")
    def _tensorrt_means_jetson(self) -> OrtBoard:
        if ("TensorrtExecutionProvider" in self.runtime.providers) != (self.jetson is not None):
            raise ValueError("jetson: should be there if, and only if, runtime.providers has TensorrtExecutionProvider")
        return self


class Memory(_Strict):
    """A piece of memory as the processor sees it."""

    start: Annotated[int, Field(ge=0, lt=1 << 32)]
    bytes: Positive


class Chip(_Strict):
    """A microcontroller.

    Attributes:
        core: picks compiler, flags and emulator; see `toolchain.microcontroller.cores`.
        mhz: the processor's clock, which the board's start-up sets.
        flash: where the program and the weights lie; `ram`: where all else does. Of image "esp", which the boot ROM
            loads: where the code is loaded to, and where all else is.
        image: what a programmer takes beside the ELF file.
    """

    part: Word
    core: Literal["cortex-m0plus", "cortex-m4", "cortex-m33", "cortex-m55", "rv32imc", "rv64gcv"]
    mhz: Annotated[int, Field(gt=0, le=1000)]
    flash: Memory
    ram: Memory
    image: Literal["bin", "uf2", "esp"]


class SerialLink(_Strict):
    """The UART host link of a chip whose pins its start-up sets."""

    kind: Literal["uart"]
    baud: Annotated[int, Field(ge=1200, le=4_000_000)]


class McuBoard(Board):
    """A microcontroller that runs the network as C."""

    flows: ClassVar[tuple[str, ...]] = ("mcu",)

    flow: Literal["mcu"]
    chip: Chip
    host_link: SerialLink


AnyBoard = OpenBoard | AmdBoard | OrtBoard | McuBoard
FpgaBoard = OpenBoard | AmdBoard
SerialBoard = OpenBoard | McuBoard
"""A board that hangs on this computer by a serial port."""

SCHEMAS: dict[str, type[OpenBoard] | type[AmdBoard] | type[OrtBoard] | type[McuBoard]] = {
    "fpga_open": OpenBoard,
    "fpga_amd": AmdBoard,
    "ort": OrtBoard,
    "mcu": McuBoard,
}
"""The schema of board.yaml by its key `flow`."""
