"""Opens a board package on its board: checks it, loads the bitstream, and hands over what answers."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Union

from toolchain.device.checksums import must_be_bitstream, verify_package
from toolchain.device.link import registers as link
from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values
from toolchain.device.link.axi import dma, finn, with_pynq
from toolchain.device.link.axi.chip import Chip, DmaPath
from toolchain.device.link.axi.device import Device
from toolchain.device.link.axi.hardware import address_of, addresses
from toolchain.device.link.axi.linux import LinuxDevice
from toolchain.device.link.board import must_be
from toolchain.device.link.golden import Golden, read_golden
from toolchain.device.link.remembering import memory_of
from toolchain.device.link.settings import Setting
from toolchain.device.packed import PackedLink, PackedManifest
from toolchain.errors import ConfigError, ToolError

DEVICES = ("auto", "pynq", "linux")
AnyChip = Union[Chip, finn.FinnChip]  # noqa: UP007 (Python 3.8 runs this line)


class Board:
    """A loaded board. Use it in a `with`, or call `close`.

    Attributes:
        manifest: the package's.
        golden: the package's vectors with the answers that every stage gave.
        device: how the board is reached.
        without_dma: why vectors go one by one through registers; empty where they go by DMA.
        way: how many vectors go, for people.
        memory: answers that are kept, as the recipe says.
    """

    def __init__(self, manifest: PackedManifest, golden: Golden, device: Device, chip: AnyChip, why: str) -> None:
        self.manifest, self.golden, self.device, self.without_dma = manifest, golden, device, why
        self.way = "one by one, for want of DMA memory" if why else "in bursts by DMA"
        self._chip, self.memory = chip, memory_of(manifest)

    def identify(self) -> Identity:
        """What the board is: model hash, build id, sizes, clock."""
        return self._chip.identify()

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector (`golden.pack` makes one of integers); one that was kept tells no cycles."""
        told: list[Inference] = []

        def ask(vectors: list[bytes]) -> list[Values]:
            told.append(self._chip.infer(vectors[0]))
            return [told[0].values]

        (values,) = self.memory.answers([vector], ask)
        return told[0] if told else Inference(values, None)

    def infer_many(self, vectors: list[bytes]) -> list[Values]:
        """The answers to many packed vectors, by DMA where there is memory for it."""
        return self.memory.answers(vectors, self._chip.infer_many)

    def play(self, vector: bytes) -> None:
        """Have benches run this packed vector, where the chip stores none."""
        self._chip.play(vector)

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences of the stored vectors, back to back."""
        return self._chip.bench(inferences, seconds)

    def set(self, setting: Setting, value: int) -> None:
        """Have a setting hold for all vectors that are sent from now on; see `Chip.set`."""
        _with_settings(self._chip, setting).set(setting, value)
        self.memory.forget()

    def held(self, setting: Setting) -> int:
        """The value that a setting has in the chip."""
        return _with_settings(self._chip, setting).held(setting)

    def counters(self) -> Counters:
        """What happened since the bitstream was loaded."""
        return self._chip.counters()

    def close(self) -> None:
        """Give back memory; the bitstream stays loaded."""
        self.device.close()

    def __enter__(self) -> Board:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_board(folder: Path, device: str | Device = "auto", load: bool = True) -> Board:
    """Open the board that a package was built for, on which this runs.

    Args:
        folder: the bitstream package.
        device: `auto` (pynq where it is installed, else Linux), `pynq`, `linux`, or a device.
        load: load the bitstream first; without it, what is loaded must be of this package.

    Raises:
        BuildError: the package is damaged, or is a hand-off.
        ToolError: the board cannot be reached or loaded.
        VerificationError: another model or build answers.
    """
    manifest = verify_package(folder)
    must_be_bitstream(folder, manifest)
    golden = read_golden(folder)
    reached = choose_device(device)
    if load:
        reached.load(folder / manifest["roles"]["bitstream"])
    open_chip = {"dataflow": _open_chip, "finn": _open_finn}[manifest["flow"]]
    chip, why = open_chip(folder, manifest, golden, reached)
    board = Board(manifest, golden, reached, chip, why)
    must_be(board.identify(), manifest["identity"], reached.name)
    return board


def _with_settings(chip: AnyChip, setting: Setting) -> Chip:
    if not isinstance(chip, Chip):
        raise ConfigError(f"setting {setting.name}: a chip of FINN's has no settings")
    return chip


def choose_device(device: str | Device) -> Device:
    """The device of a name, or itself.

    Raises:
        ConfigError: an unknown name.
        ToolError: pynq was asked for and cannot be used.
    """
    if not isinstance(device, str):
        return device
    if device not in DEVICES:
        raise ConfigError(f"--device {device}: should be one of {', '.join(DEVICES)}")
    if device == "pynq" or (device == "auto" and with_pynq.is_installed()):
        return with_pynq.PynqDevice()
    return LinuxDevice()


def _open_chip(folder: Path, manifest: PackedManifest, golden: Golden, device: Device) -> tuple[AnyChip, str]:
    where = manifest["host_link"]
    _must_lie_where_expected(folder / manifest["roles"]["hardware"], where)
    chip = Chip(device.registers(where["control"], link.SPAN))
    try:
        source, target = (device.buffer(size * chip.burst_vectors) for size in (chip.burst_bytes, chip.answer_room))
    except ToolError as error:
        if not chip.holds:
            raise ToolError(f"its vectors and answers go by DMA alone: {error}") from error
        return chip, str(error)
    chip.path = DmaPath(dma.AxiDma(device.registers(where["dma"], dma.SPAN)), source, target)
    return chip, ""


def _open_finn(folder: Path, manifest: PackedManifest, golden: Golden, device: Device) -> tuple[AnyChip, str]:
    """FINN's shell has nothing but DMA: without memory for it there is no inference."""
    hardware = folder / manifest["roles"]["hardware"]
    streams = finn.Streams(manifest["stream"], golden.described)
    engines = [stream["engine"] for stream in (manifest["stream"]["input"], manifest["stream"]["output"])]
    source, target = (
        finn.Engine(name, device.registers(address_of(hardware, name), finn.SPAN), device.buffer(size))
        for name, size in zip(engines, streams.buffer_bytes)  # noqa: B905 (Python 3.8)
    )
    return finn.FinnChip(manifest, streams, source, target, golden.vectors(finn.BATCH_VECTORS)), ""


def _must_lie_where_expected(hardware: Path, where: PackedLink) -> None:
    """The addresses that Vivado gave must be those the package names: a wrong one would hang the processor."""
    found = addresses(hardware)
    for name, right in (("axi_chip_0", where["control"]), ("axi_dma_0", where["dma"])):
        if name in found and found[name] != right:
            raise ToolError(f"{hardware}: {name} is at {found[name]:#x}, in the manifest {right:#x}; build again")
