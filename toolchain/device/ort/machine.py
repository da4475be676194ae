"""What the device is and how it is set: processor, clocks, governor, power mode, temperatures."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

Run = Callable[[Sequence[str]], Optional[str]]
"""Runs a command; its output, or None where it is missing or fails."""

_JETPACK = {"32": "4", "34": "5", "35": "5", "36": "6"}  # by L4T (NVIDIA, JetPack archive)
# Compute capability by the chip's name in the device tree (NVIDIA, CUDA GPUs: Jetson products).
_COMPUTE = {"tegra210": "5.3", "tegra186": "6.2", "tegra194": "7.2", "tegra234": "8.7"}
_LIBRARIES = ("usr/lib/aarch64-linux-gnu", "usr/lib/x86_64-linux-gnu")


def run_command(words: Sequence[str]) -> Optional[str]:
    """Run a command for up to ten seconds; its output, or None where it is missing or fails."""
    try:
        done = subprocess.run(
            list(words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def describe(root: Path = Path("/"), run: Run = run_command) -> Dict[str, Any]:
    """All that a figure measured here depends on; what cannot be read is None or left out.

    Args:
        root: where the file system starts, for tests on a fake tree.
    """
    return {
        "model": model_name(root),
        "kernel": os.uname().release if root == Path("/") else None,
        "processor": _processor(root),
        "cores": clocks(root),
        "gpu_clock": gpu_clock(root),
        "temperatures": temperatures(root),
        "throttled": _throttled(run),
        "jetson": jetson(root, run),
    }


def model_name(root: Path) -> Optional[str]:
    """The board's name as its device tree says, or the processor's."""
    return _text(root / "proc/device-tree/model") or _processor(root)


def clocks(root: Path) -> Dict[str, Dict[str, str]]:
    """Governor and frequencies (kHz) of every core that has them, by core."""
    folder = root / "sys/devices/system/cpu"
    keys = {
        "governor": "scaling_governor",
        "now": "scaling_cur_freq",
        "min": "scaling_min_freq",
        "max": "scaling_max_freq",
    }
    cores = sorted(folder.glob("cpu[0-9]*/cpufreq"), key=lambda path: int(path.parent.name[3:]))
    return {path.parent.name[3:]: _known({key: _text(path / name) for key, name in keys.items()}) for path in cores}


def gpu_clock(root: Path) -> Optional[Dict[str, str]]:
    """Governor and frequencies (Hz) of the GPU; None where the kernel shows none.

    A Jetson's GPU is `57000000.gpu` (Nano) or `17000000.gpu` (Orin) among the devfreq devices.
    """
    keys = {"governor": "governor", "now": "cur_freq", "min": "min_freq", "max": "max_freq"}
    for path in sorted((root / "sys/class/devfreq").glob("*gpu*")):
        return _known({key: _text(path / name) for key, name in keys.items()})
    return None


def temperatures(root: Path) -> Dict[str, float]:
    """Degrees Celsius by thermal zone."""
    found = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        name, value = _text(zone / "type"), _text(zone / "temp")
        if name and value and re.match(r"-?\d+$", value):
            found[name] = int(value) / 1000
    return found


def jetson(root: Path, run: Run) -> Optional[Dict[str, Any]]:
    """Software and power mode of a Jetson; None on any other machine."""
    release = _text(root / "etc/nv_tegra_release")
    if release is None:
        return None
    found = re.search(r"R(\d+).*?REVISION: *([\d.]+)", release)
    l4t = found.groups() if found else ("", "")
    chip = soc(root)
    return {
        "soc": chip,
        "compute_capability": _COMPUTE.get(chip or ""),
        "l4t": ".".join(l4t) or None,
        "jetpack": _JETPACK.get(l4t[0]),
        "tensorrt": tensorrt_version(root),
        "power_mode": power_mode(run),
        # Only root may see them: then the text says all clocks, else nothing.
        "jetson_clocks": run(["jetson_clocks", "--show"]),
    }


def soc(root: Path) -> Optional[str]:
    """The Tegra chip that the device tree names last, as `nvidia,tegra234`."""
    words = (_text(root / "proc/device-tree/compatible") or "").split("\0")
    chips = [word.split(",")[1] for word in words if re.match(r"nvidia,tegra\d+$", word)]
    return chips[-1] if chips else None


def tensorrt_version(root: Path) -> Optional[str]:
    """Version of the installed TensorRT, read from its library's file name; None where there is none."""
    names = [path.name for folder in _LIBRARIES for path in (root / folder).glob("libnvinfer.so.*.*.*")]
    versions = [name[len("libnvinfer.so.") :] for name in names]
    return max(versions, key=numbers) if versions else None


def power_mode(run: Run) -> Optional[Dict[str, Any]]:
    """Number and name of the power mode, from `nvpmodel -q`."""
    found = re.search(r"NV Power Mode: *(\S+)\s+(\d+)", run(["nvpmodel", "-q"]) or "")
    return {"name": found.group(1), "number": int(found.group(2))} if found else None


def numbers(version: str) -> Tuple[int, ...]:
    """A version as numbers, to compare: "10.3.0.30" is (10, 3, 0, 30)."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _processor(root: Path) -> Optional[str]:
    text = _text(root / "proc/cpuinfo") or ""
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else None


def _throttled(run: Run) -> Optional[str]:
    """A Raspberry Pi's word on under-voltage and capped clocks; 0x0 is all well."""
    found = re.match(r"throttled=(0x[0-9a-fA-F]+)", run(["vcgencmd", "get_throttled"]) or "")
    return found.group(1) if found else None


def _text(path: Path) -> Optional[str]:
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ") or None
    except OSError:
        return None


def _known(values: Dict[str, Optional[str]]) -> Dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}
