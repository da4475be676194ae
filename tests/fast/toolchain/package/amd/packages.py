"""Small packages of AMD boards, made as a build makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.doubles import packed
from tests.fast.toolchain.device.link.axi.fakes import CONTROL, DMA, IDMA, ODMA
from toolchain.device.link.protocol import AnswerLayout, pack_vector
from toolchain.package.amd.content import Built, write_bitstream
from toolchain.package.vectors import VectorFormat, write_vectors

ELEMENTS, CLASSES, COUNT = 12, ["normal", "dos", "fuzzing"], 40
VALUES = [[(index >> bit) & 1 for bit in range(ELEMENTS)] for index in range(COUNT)]
VECTORS = [pack_vector(values, "BINARY") for values in VALUES]


def logits(values: list[int]) -> list[int]:
    """A network that anybody can compute: ties included."""
    return [sum(values[0:4]) - 2, sum(values[4:8]) - 2, sum(values[8:12]) - 2]


def label(values: list[int]) -> int:
    found = logits(values)
    return found.index(max(found))


LABELS = [label(values) for values in VALUES]
ANSWERS = [(label,) for label in LABELS]

STREAM = {
    "input": {"type": "UINT2", "elements": ELEMENTS, "folded": [1, 4, 3], "engine": "idma0"},
    "output": {"type": "INT4", "elements": 3, "folded": [1, 3, 1], "engine": "odma0"},
}
MANIFEST: dict[str, Any] = {
    **packed.manifest(board="zcu104", flow="dataflow", status="handoff", tools={"verilator": "5.48.0"}),
    "board_title": "AMD ZCU104",
    "host_link": {"kind": "axi", "control": CONTROL, "dma": DMA, "data_bits": 64},
    "clock_mhz": 100.0,
    "family": "zynq_ultrascale",
    "part": "xczu7ev-ffvc1156-2-e",
    "finn_board": "ZCU104",
    "capacity": {"lut": 230400, "ff": 460800, "bram": 624, "dsp": 1728, "uram": 96},
    "image": "PYNQ 3.0.1",
    "machine": "aarch64",
    "timing": {
        "kind": "requested",
        "fmax_mhz": None,
        "clock_mhz": 100.0,
        "critical_path": [],
        "cycles_kind": "simulated",
        "latency_cycles": 40,
        "initiation_interval": 10,
        "latency_us": 0.4,
        "inferences_per_second": 10_000_000,
    },
    "comparison": [],
}
HWH = f"""<?xml version="1.0"?>
<EDKSYSTEM><MODULES><MODULE FULLNAME="/ps"><MEMORYMAP>
<MEMRANGE BASEVALUE="{CONTROL:#x}" HIGHVALUE="{CONTROL + 0xFFFF:#x}" INSTANCE="axi_chip_0" MEMTYPE="REGISTER"/>
<MEMRANGE BASEVALUE="{DMA:#x}" HIGHVALUE="{DMA + 0xFFF:#x}" INSTANCE="axi_dma_0" MEMTYPE="REGISTER"/>
</MEMORYMAP></MODULE></MODULES></EDKSYSTEM>
"""
FINN_HWH = HWH.replace("axi_chip_0", "idma0").replace("axi_dma_0", "odma0")
FINN_HWH = FINN_HWH.replace(f"{CONTROL:#x}", f"{IDMA:#X}").replace(f"{DMA:#x}", f"{ODMA:#x}")


def manifest(flow: str) -> dict[str, Any]:
    return {**MANIFEST, "flow": flow, **({"stream": STREAM, "strategy": "finn"} if flow == "finn" else {})}


def content(folder: Path) -> Path:
    """What the package stage has written before."""
    folder.mkdir(parents=True, exist_ok=True)
    described = VectorFormat(COUNT, ELEMENTS, "BINARY", len(VECTORS[0]), AnswerLayout.of_class(len(CLASSES)), CLASSES)
    write_vectors(folder, described, b"".join(VECTORS), bytes(LABELS))
    (folder / "MODEL.md").write_text("# model\n")
    (folder / "integer.onnx").write_bytes(b"onnx")
    return folder


def bit_file(words: bytes = bytes.fromhex("ffffffff aa995566 20000000")) -> bytes:
    """A `.bit` file: its header's fields, then configuration words."""
    texts = ((b"a", b"system;UserID=0XFFFFFFFF;Version=2024.1"), (b"b", b"xczu7ev"), (b"c", b"2026"), (b"d", b"12:0"))
    head = b"\0\x09" + bytes.fromhex("0ff00ff00ff00ff000") + b"\0\x01"
    for key, text in texts:
        head += key + (len(text) + 1).to_bytes(2, "big") + text + b"\0"
    return head + b"e" + len(words).to_bytes(4, "big") + words


def built(folder: Path, flow: str = "dataflow") -> Built:
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / name for name in ("x.bit", "x.hwh", "x.xsa", "timing.rpt")}
    files["x.bit"].write_bytes(bit_file())
    files["x.hwh"].write_text(FINN_HWH if flow == "finn" else HWH)
    files["x.xsa"].write_bytes(b"PK")
    files["timing.rpt"].write_text("timing\n")
    return Built(files["x.bit"], files["x.hwh"], files["x.xsa"], [files["timing.rpt"]])


def bitstream_package(folder: Path, flow: str = "dataflow", **more: Any) -> Path:
    out = content(folder / "package")
    write_bitstream(out, built(folder / "vivado", flow), {**manifest(flow), **more})
    return out
