"""Every kind of sensor, from trees of plain files as the kernels show them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.sensors import hwmon
from toolchain.device.agent.discover import discover, mark_total, open_i2c
from toolchain.device.agent.ina2xx import conversion_seconds, ina2xx_source
from toolchain.device.agent.source import NonsenseError, SensorError, Source

PI5 = """   3V7_WL_SW_A current(0)=0.50000000A
   VDD_CORE_A current(7)=2.00000000A
   3V7_WL_SW_V volt(8)=3.70000000V
   VDD_CORE_V volt(15)=0.75000000V
   EXT5V_V volt(24)=5.13000000V
"""


def silent(words: object) -> None:
    return None


def by_name(root: Path, run: Callable[..., str | None] = silent) -> dict[str, Source]:
    return {source.traits.name: source for source in discover(root, run).sources}


def test_zcu104_takes_its_input_and_shows_the_rails_beside(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "irps5401", power1_input=9_000_000, power1_label="pin1", power2_input=3_125_000,
          power2_label="pout1")  # fmt: skip
    hwmon(tmp_path, 1, "ina226_u183", power1_input=12_025_000, update_interval=35)
    hwmon(tmp_path, 2, "nvme", power1_input=1)
    found = by_name(tmp_path)
    assert {name: source.read() for name, source in found.items()} == {
        "ina226_u183": 12.025,
        "irps5401@hwmon0:pout1": 3.125,
    }
    assert [name for name, source in found.items() if source.traits.in_total] == ["ina226_u183"]
    supply = found["ina226_u183"].traits
    assert (supply.kind, supply.scope, supply.time_constant_s, supply.resolution) == ("measured", "input", 0.035, 0.025)


def test_zcu102_is_the_sum_of_its_sensors_whatever_their_numbers(tmp_path: Path) -> None:
    for index, place in enumerate(("u76", "u77", "u79")):
        hwmon(tmp_path, 10 - index, f"ina226_{place}", power1_input=1_000_000)
    hwmon(tmp_path, 11, "ina226_u76", power1_input=1_000_000)
    found = by_name(tmp_path)
    assert set(found) == {"ina226_u76", "ina226_u77", "ina226_u79", "ina226_u76#2"}
    assert all(source.traits.in_total for source in found.values())
    assert all(source.traits.time_constant_s == 0.0352 for source in found.values())


def test_kv260_is_slow(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina260_u14", power1_input=4_980_000, update_interval=2)
    traits = by_name(tmp_path)["ina260_u14"].traits
    assert (traits.time_constant_s, traits.resolution) == (0.15, 0.01)


def test_jetson_multiplies_and_skips_what_is_not_connected(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina3221", in1_label="VDD_IN", in1_input=5000, curr1_input=1200,
          in2_label="VDD_CPU_GPU_CV", in2_input=5000, curr2_input=400, in3_label="NC", in3_input=0, curr3_input=0,
          in7_label="sum of shunt voltages", in7_input=8, curr7_input=9)  # fmt: skip
    found = by_name(tmp_path)
    assert found["ina3221:VDD_IN"].read() == pytest.approx(6.0)
    assert set(found) == {"ina3221:VDD_IN", "ina3221:VDD_CPU_GPU_CV"}
    assert [name for name, source in found.items() if source.traits.in_total] == ["ina3221:VDD_IN"]


def test_jetpack_4(tmp_path: Path) -> None:
    folder = tmp_path / "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    folder.mkdir(parents=True)
    for index, (name, watts) in enumerate({"POM_5V_IN": 3.2, "POM_5V_GPU": 0.4, "POM_5V_CPU": 0.9}.items()):
        (folder / f"rail_name_{index}").write_text(name + "\n")
        (folder / f"in_power{index}_input").write_text(f"{watts * 1000:.0f}\n")
        (folder / f"in_power{index}_trigger_input").write_text("1\n")
    found = by_name(tmp_path)
    assert found["ina3221x:POM_5V_IN"].read() == 3.2
    assert len(found) == 3
    assert [name for name, source in found.items() if source.traits.in_total] == ["ina3221x:POM_5V_IN"]


def test_rapl_is_an_estimate_and_counts_nothing_twice(tmp_path: Path) -> None:
    domains = {"intel-rapl:0": "package-0", "intel-rapl:0:0": "core", "intel-rapl:0:1": "dram", "intel-rapl:1": "psys"}
    for folder, name in domains.items():
        path = tmp_path / "sys/class/powercap" / folder
        path.mkdir(parents=True)
        (path / "name").write_text(name + "\n")
        (path / "energy_uj").write_text("2500000\n")
        (path / "max_energy_range_uj").write_text("262143328850\n")
    found = by_name(tmp_path)
    assert [name for name, source in found.items() if source.traits.in_total] == ["rapl:0:package-0", "rapl:0:1:dram"]
    traits = found["rapl:0:package-0"].traits
    assert (traits.kind, traits.quantity, traits.wrap_j) == ("estimated", "energy", pytest.approx(262143.32885))
    assert found["rapl:0:package-0"].read() == 2.5


def test_raspberry_pi_5_sums_the_rails_with_both_sides(tmp_path: Path) -> None:
    source = by_name(tmp_path, lambda words: PI5 if words[-1] == "pmic_read_adc" else None)["vcgencmd:pmic"]
    assert source.read() == pytest.approx(0.5 * 3.7 + 2 * 0.75)
    assert "2 rails" in source.traits.rail


def test_vcgencmd_that_fails_later_has_vanished_and_garbage_is_nonsense(tmp_path: Path) -> None:
    answers: list[str | None] = [PI5, PI5, None, "error=1", PI5.replace("2.00000000A", "..A")]
    source = by_name(tmp_path, lambda words: answers.pop(0))["vcgencmd:pmic"]
    with pytest.raises(SensorError, match="group video"):
        source.read()
    for _ in range(2):
        with pytest.raises(NonsenseError):
            source.read()


@pytest.mark.parametrize("text", ["nan", "-500000", "inf", "12 W", "", "1e30", "1_000", "1" * 80])
def test_nonsense_is_told_from_a_figure(tmp_path: Path, text: str) -> None:
    folder = hwmon(tmp_path, 0, "ina226", power1_input=1_000_000)
    source = by_name(tmp_path)["ina226"]
    (folder / "power1_input").write_text(text + "\n")
    source.close()
    with pytest.raises(NonsenseError):
        source.read()


def test_a_sensor_that_answers_nonsense_is_still_found(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina226", power1_input="nan")
    assert "ina226" in by_name(tmp_path)


def test_a_sensor_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = hwmon(tmp_path, 0, "ina226")
    (folder / "power1_input").mkdir()
    assert by_name(tmp_path) == {}
    [lost] = discover(tmp_path, silent).lost
    assert (lost.name, lost.scope, lost.needed) == ("ina226", "input", True)
    assert lost.why == f"{folder / 'power1_input'}: is no plain file"


def jetson(root: Path) -> Path:
    """Three rails, of which VDD_IN feeds the others."""
    rails = {"VDD_IN": 1200, "VDD_CPU_GPU_CV": 300, "VDD_SOC": 250}
    files = {f"in{i}_label": name for i, name in enumerate(rails, 1)}
    files |= {f"in{i}_input": "5000" for i in (1, 2, 3)}
    return hwmon(root, 7, "ina3221", **files, **{f"curr{i}_input": mA for i, mA in enumerate(rails.values(), 1)})


def gone(path: Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/mem")  # reading it fails with EIO


@pytest.mark.parametrize(
    ("broken", "name"),
    [("curr1_input", "ina3221:VDD_IN"), ("in1_label", "ina3221:channel 1"), ("name", "hwmon7")],
)
def test_parts_are_not_added_up_where_the_whole_cannot_be_read(tmp_path: Path, broken: str, name: str) -> None:
    gone(jetson(tmp_path) / broken)
    found = discover(tmp_path, silent)
    assert [(lost.name, lost.needed) for lost in found.lost] == [(name, True)]
    assert "Input/output error" in found.lost[0].why
    assert not any(source.traits.in_total for source in found.sources)
    with pytest.raises(SensorError, match=f"{name} cannot be read: "):
        mark_total(found, [name])


def test_a_channel_that_is_missing_or_switched_off_is_named(tmp_path: Path) -> None:
    folder = jetson(tmp_path)
    (folder / "in1_enable").write_text("0\n")
    (folder / "curr3_input").unlink()
    lost = {one.name: one for one in discover(tmp_path, silent).lost}
    assert {name: one.needed for name, one in lost.items()} == {"ina3221:VDD_IN": True, "ina3221:VDD_SOC": False}
    assert "switched off" in lost["ina3221:VDD_IN"].why and "No such file" in lost["ina3221:VDD_SOC"].why


def test_one_of_several_inputs_is_missed(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina226_u76", power1_input=1_000_000)
    hwmon(tmp_path, 1, "ina226_u77")
    found = discover(tmp_path, silent)
    assert [(lost.name, lost.needed) for lost in found.lost] == [("ina226_u77", True)]
    assert not found.sources[0].traits.in_total


def test_a_rail_beside_the_input_may_be_missing(tmp_path: Path) -> None:
    gone(jetson(tmp_path) / "curr2_input")
    found = discover(tmp_path, silent)
    assert [(lost.name, lost.needed) for lost in found.lost] == [("ina3221:VDD_CPU_GPU_CV", False)]
    assert [s.traits.name for s in found.sources if s.traits.in_total] == ["ina3221:VDD_IN"]


def test_pipes_and_devices_are_neither_waited_for_nor_opened(tmp_path: Path) -> None:
    folder = jetson(tmp_path)
    for name, target in (("in1_label", ""), ("in2_label", "/dev/zero"), ("curr3_input", "/dev/zero")):
        (folder / name).unlink()
        if target:
            (folder / name).symlink_to(target)
        else:
            os.mkfifo(folder / name)
    assert [lost.why.endswith("is no plain file") for lost in discover(tmp_path, silent).lost] == [True] * 3


@pytest.mark.parametrize(("volt", "ampere"), [(-5000, -2000), (5e27, 1), (5000, 1e27), (0, 1e27), (99_000, 99_000)])
def test_a_voltage_or_current_that_cannot_be_is_nonsense(tmp_path: Path, volt: float, ampere: float) -> None:
    hwmon(tmp_path, 0, "ina3221", in1_label="VDD_IN", in1_input=volt, curr1_input=ampere)
    with pytest.raises(NonsenseError, match="should be 0 to"):
        by_name(tmp_path)["ina3221:VDD_IN"].read()


def test_an_interval_that_cannot_be_is_not_waited_for(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina226", power1_input=1, update_interval="1e12")
    found = discover(tmp_path, silent)
    assert found.sources == [] and found.lost[0].needed and "should be 0 to 20000" in found.lost[0].why


def test_a_pi_5_whose_firmware_says_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    [lost] = discover(tmp_path, silent).lost
    assert (lost.name, lost.needed) == ("vcgencmd:pmic", True)


def test_a_rail_that_goes_missing_is_nonsense_and_no_smaller_sum(tmp_path: Path) -> None:
    without = "\n".join(line for line in PI5.splitlines() if "VDD_CORE" not in line)
    answers = [PI5, PI5, without, PI5.replace("VDD_CORE_V", "X_V")]
    source = by_name(tmp_path, lambda words: answers.pop(0))["vcgencmd:pmic"]
    for _ in range(2):
        with pytest.raises(NonsenseError, match="VDD_CORE"):
            source.read()


def test_the_person_may_choose(tmp_path: Path) -> None:
    hwmon(tmp_path, 0, "ina226", power1_input=1)
    hwmon(tmp_path, 1, "irps5401", power1_input=1, power1_label="pout1")
    found = mark_total(discover(tmp_path, silent), ["irps5401@hwmon1:pout1"])
    assert [source.traits.in_total for source in found.sources] == [False, True]
    with pytest.raises(SensorError, match=r"no sensor ina9; there are: ina226, irps5401@hwmon1:pout1"):
        mark_total(found, ["ina9"])


class Chip:
    def __init__(self, **registers: int) -> None:
        self.registers = {int(name[1:], 16): value for name, value in registers.items()}

    def __call__(self, register: int) -> int:
        return self.registers[register]


def test_ina226_on_a_bare_bus() -> None:
    chip = Chip(r00=0x4527, r01=4000, r02=4000, rfe=0x5449)  # 10 mV over 0.1 ohm, 5 V; 16 averages of 1.1 ms each
    source = ina2xx_source("ina226", 0.1, chip, "bus")
    assert source.read() == pytest.approx(0.1 * 5.0)
    assert source.traits.time_constant_s == pytest.approx(0.0352)
    assert source.traits.resolution == pytest.approx(25e-6 * 5)
    chip.registers[1] = 0x10000 - 4000
    with pytest.raises(NonsenseError, match=r"-0.5 W"):
        source.read()
    chip.registers[2] = 0xFFFF
    with pytest.raises(NonsenseError, match="ffff"):
        source.read()


def test_ina219_on_a_bare_bus() -> None:
    source = ina2xx_source("ina219", 0.1, Chip(r00=0x399F, r01=1000, r02=1250 << 3 | 2), "bus")
    assert source.read() == pytest.approx(0.1 * 5.0)
    assert source.traits.time_constant_s == pytest.approx(2 * 532e-6)
    assert conversion_seconds("ina219", 0b1111 << 7 | 0b1111 << 3) == pytest.approx(2 * 0.0681, rel=0.01)


def test_another_chip_is_refused() -> None:
    with pytest.raises(SensorError, match="maker 0000, expected 5449"):
        ina2xx_source("ina226", 0.1, Chip(rfe=0), "bus")
    with pytest.raises(SensorError, match="ina219 or ina226"):
        ina2xx_source("max4080", 0.1, Chip(), "bus")
    assert math.isfinite(ina2xx_source("ina219", 1, Chip(r00=0), "bus").traits.resolution)


@pytest.mark.parametrize("text", ["/dev/i2c-1", "/dev/i2c-1:0x40:ina226:much", "/dev/i2c-1:0x40:max4080:0.1"])
def test_words_of_a_meter_that_cannot_be(text: str) -> None:
    with pytest.raises(SensorError, match=r"should be BUS:ADDRESS|should be ina219 or ina226"):
        open_i2c(text)
