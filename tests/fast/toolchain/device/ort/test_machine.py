from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from toolchain.device.ort.machine import describe, numbers, power_mode, run_command, tensorrt_version


def _write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def orin(tmp_path: Path) -> Path:
    cpu, gpu = "sys/devices/system/cpu", "sys/class/devfreq/17000000.gpu"
    files = {
        "proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
        "proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0",
        "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n",
        "usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0": "",
        "usr/lib/aarch64-linux-gnu/libnvinfer.so.10": "",
        "usr/lib/aarch64-linux-gnu/libnvinfer_plugin.so.10.9.0": "",
        "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone0/temp": "48531\n",
        **{f"{gpu}/{name}": value for name, value in (("cur_freq", "306000000\n"), ("max_freq", "1020000000\n"))},
        **{f"{cpu}/cpu{n}/cpufreq/scaling_governor": "schedutil\n" for n in (0, 2, 10)},
        f"{cpu}/cpu0/cpufreq/scaling_max_freq": "1728000\n",
        f"{cpu}/cpuidle/current_driver": "none\n",
    }
    return _write(tmp_path, **files)


def _answers(words: Sequence[str]) -> str | None:
    return {"nvpmodel": "NV Power Mode: MAXN_SUPER\n2\n", "jetson_clocks": "SOC family:tegra234\n"}.get(words[0])


def test_a_jetson_is_described(orin: Path) -> None:
    facts = describe(orin, _answers)
    assert facts["model"] == "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super"
    assert facts["jetson"] == {
        "soc": "tegra234",
        "compute_capability": "8.7",
        "l4t": "36.4.3",
        "jetpack": "6",
        "tensorrt": "10.3.0",
        "power_mode": {"name": "MAXN_SUPER", "number": 2},
        "jetson_clocks": "SOC family:tegra234\n",
    }


def test_clocks_and_temperatures_are_recorded(orin: Path) -> None:
    facts = describe(orin, _answers)
    assert list(facts["cores"]) == ["0", "2", "10"]
    assert facts["cores"]["0"] == {"governor": "schedutil", "max": "1728000"}
    assert facts["gpu_clock"] == {"now": "306000000", "max": "1020000000"}
    assert facts["temperatures"] == {"cpu-thermal": 48.531}


def test_a_machine_that_says_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    facts = describe(tmp_path, lambda words: None)
    assert facts["jetson"] is None and facts["gpu_clock"] is None and facts["model"] is None
    assert facts["cores"] == {} and facts["temperatures"] == {}


def test_a_jetson_without_tools_is_one_still(tmp_path: Path) -> None:
    _write(tmp_path, **{"etc/nv_tegra_release": "# R32 (release), REVISION: 7.1, GCID: 29818004\n"})
    jetson = describe(tmp_path, lambda words: None)["jetson"]
    assert (jetson["jetpack"], jetson["l4t"], jetson["tensorrt"]) == ("4", "32.7.1", None)
    assert (jetson["power_mode"], jetson["soc"], jetson["compute_capability"]) == (None, None, None)


def test_a_raspberry_pi_tells_whether_it_was_held_back(tmp_path: Path) -> None:
    _write(tmp_path, **{"proc/cpuinfo": "processor\t: 0\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n"})
    facts = describe(tmp_path, lambda words: "throttled=0x50005\n" if words[0] == "vcgencmd" else None)
    assert (facts["model"], facts["throttled"]) == ("Raspberry Pi 4 Model B Rev 1.4", "0x50005")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("NV Fan Mode:quiet\nNV Power Mode: MAXN\n0\n", {"name": "MAXN", "number": 0}),
        ("NV Power Mode: 15W\n0", {"name": "15W", "number": 0}),
        ("NVPM ERROR: Error opening", None),
    ],
)
def test_power_modes(text: str, mode: dict[str, object] | None) -> None:
    assert power_mode(lambda words: text) == mode


def test_the_newest_tensorrt_by_number(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/aarch64-linux-gnu"
    folder.mkdir(parents=True)
    for version in ("8.2.1", "10.3.0"):
        (folder / f"libnvinfer.so.{version}").touch()
    assert tensorrt_version(tmp_path) == "10.3.0"
    assert numbers("10.3.0.30-1+cuda12.5")[:4] == (10, 3, 0, 30)


def test_commands_that_are_missing_or_fail_say_nothing() -> None:
    assert run_command(["/nonexistent/nvpmodel", "-q"]) is None
    assert run_command(["false"]) is None
    assert run_command(["echo", "yes"]) == "yes\n"
