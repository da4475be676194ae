"""`README.md` of an AMD board's package: what it holds, what to do with it, and what has not been tried on hardware."""

from __future__ import annotations

from collections.abc import Mapping

from toolchain.device.checksums import HANDOFF
from toolchain.device.packed import PackedManifest

_FLOWS = {"finn": "FINN", "dataflow": "our own RTL behind AXI (`FLOW=dataflow`)"}

# Memory for DMA that is enough for all but large vectors.
_DMA_BYTES = 1 << 22

_FILES = {
    "MODEL.md": "the network, its data and its accuracy",
    "vectors.bin`, `answers.bin`, `vectors.json": "golden vectors and the answers every stage gave",
    "integer.onnx": "the integer network; Netron opens it",
    "lib/": "the project's modules that the programs here use; Python 3.8, standard library only",
    "manifest.json": "SHA-256 of every file, tools, seeds, revision, verification, figures with their kind",
}
_HANDOFF_FILES = {
    "finish.py": "makes the bitstream package with Vivado",
    "project/": "what Vivado goes on from",
}
_BITSTREAM_FILES = {
    "bitstream/": "the bitstream and its description (`.hwh`), as PYNQ wants them",
    "platform/": "the hardware platform (`.xsa`) for AMD's software tools, where the flow makes one",
    "reports/": "Vivado's reports",
    "driver.py": "identify, infer, bench, counters and settings: a program, and a module to import",
    "self_test.py": "compares the board with the golden vectors, and measures it",
}


def readme_amd(manifest: PackedManifest) -> str:
    """The package's README.

    Args:
        manifest: the package's, with its status.
    """
    handoff = manifest["status"] == HANDOFF
    steps = _finish_steps(manifest) if handoff else _board_steps(manifest)
    files = {**(_HANDOFF_FILES if handoff else _BITSTREAM_FILES), **_FILES}
    title = manifest.get("board_title", manifest["board"])
    parts = [f"# {manifest['model']} for {title}, through {_FLOWS[manifest['flow']]}", steps, _table(files)]
    parts += [text for text in (_timing(manifest), _untried(handoff)) if text]
    return "\n\n".join(parts) + "\n"


def _finish_steps(manifest: PackedManifest) -> str:
    part = manifest.get("part", "the board's device")
    return f"""This is a **hand-off**: all that can be done without Vivado is done and verified; the bitstream is
still to be made. Copy this folder to a Linux machine with Vivado (2022.2 to 2025.2, with {part}), and there

{_finish_commands(manifest)}

It checks every file against `manifest.json`, then Vivado's version, then runs Vivado, and ends in a folder
`<this folder>-bitstream` that goes onto the board. `--check` stops before Vivado runs. A design that misses its clock
ends in an error, not in a bitstream."""


def _finish_commands(manifest: PackedManifest) -> str:
    settings = "    source <Vivado>/settings64.sh"
    if manifest["flow"] == "dataflow":
        return f"{settings}\n    python3 finish.py"
    return f"""{settings}        # Vitis HLS too: FINN's shell is made with it
    python3.11 -m venv ../venv-finn
    ../venv-finn/bin/pip install -r requirements.txt
    ../venv-finn/bin/pip install --no-deps -r requirements-finn.txt
    ../venv-finn/bin/finn deps update        # FINN's HLS library, once; needs the network
    ../venv-finn/bin/python finish.py"""


def _board_steps(manifest: PackedManifest) -> str:
    image = manifest.get("image", "PYNQ or another Linux of AMD's")
    return f"""Copy this folder to the board (written for: {image}), and there, as root (`sudo -i`; PYNQ's environment
comes with it):

    python3 self_test.py

It checks every file against `manifest.json`, loads the bitstream (with pynq where it is installed, else through the
kernel's fpga_manager), and compares the board with the golden vectors: one by one, in bursts by DMA, and by bench.
Every difference is named; exit status 0 means that there is none. Then

    python3 driver.py identify
    python3 driver.py infer 10
    python3 driver.py bench 1000000

or in a program of your own `from driver import open_package`; `driver.py` shows how. Without pynq, bursts need
[u-dma-buf](https://github.com/ikwzm/udmabuf) (`modprobe u-dma-buf udmabuf0={_dma_bytes(manifest)}`);
{_without_dma(manifest)}."""


def _dma_bytes(manifest: PackedManifest) -> int:
    return max(_DMA_BYTES, manifest.get("dma_bytes") or 0)


def _without_dma(manifest: PackedManifest) -> str:
    if manifest["flow"] == "finn":
        return "FINN's design takes vectors by DMA only"
    if manifest.get("dma_bytes"):
        return "this design takes vectors by DMA only, for they are large"
    return "without it vectors go one by one through registers, and the driver says so"


def _table(files: Mapping[str, str]) -> str:
    rows = "\n".join(f"| `{name}` | {what} |" for name, what in files.items())
    return f"| file | what |\n|---|---|\n{rows}"


def _timing(manifest: PackedManifest) -> str:
    timing = manifest.get("timing", {})
    if "latency_cycles" not in timing or "initiation_interval" not in timing:
        return ""
    clock, latency = manifest["clock_mhz"], timing["latency_cycles"]
    kind, fmax = timing.get("cycles_kind", "simulated"), timing.get("fmax_mhz")
    routed = "" if fmax is None else f" Vivado's timing report allows up to {fmax:.1f} MHz ({timing['kind']})."
    waits = timing.get("answer_cycles")
    pace = f" An answer takes {waits:,} cycles to leave the chip, which sets the pace." if waits else ""
    return f"""At {clock:g} MHz one answer of the core takes {latency:,} cycles ({latency / clock:.2f} us), and one
inference can start every {timing["initiation_interval"]:,} cycles ({kind}).{pace}{routed}"""


def _untried(handoff: bool) -> str:
    finish = "`finish.py` has been tested against a double of Vivado, not against Vivado itself. " if handoff else ""
    return f"""**Not tried on hardware:** {finish}The driver and the self-test have been tested against simulated
registers, DMA engines and kernel files, not on a board."""
