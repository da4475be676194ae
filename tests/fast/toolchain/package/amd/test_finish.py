"""finish.py: checks, then Vivado (here a stand-in for its results), then a bitstream package."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.package.amd.packages import FINN_HWH, HWH, STREAM, bit_file
from tests.fast.toolchain.package.amd.test_content import handoff
from toolchain.device.checksums import file_hashes, verify_package
from toolchain.errors import BuildError, GateweaveError, TimingError, ToolError
from toolchain.package.amd import finish as finishing
from toolchain.package.amd.figures import streams_of
from toolchain.results.facts import CoreRow
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import Result
from toolchain.vivado.reports import Timing

TIMING = Timing(1.25, 0.02, 3.5, "clk_pl_0", 10.0, 114.29, True, (0, 1000), "a -> b (8.7 ns)")
USED = {"lut": 4608, "ff": 4608, "bram": 6, "dsp": 0, "uram": 0}
CORE = {"lut": 1500, "ff": 900, "bram": 2, "dsp": 0, "uram": 0}
SETTINGS = {
    "driver_information": {
        "io_shape_dict": {
            "idt": ["DataType['UINT2']"],
            "odt": ["DataType['INT4']"],
            "idma_names": ["idma0"],
            "odma_names": ["odma0"],
            "ishape_folded": [[1, 4, 3]],
            "oshape_folded": [[1, 3, 1]],
        }
    }
}


def vivado_result(out_dir: Path, hwh: str = HWH) -> Result:
    out_dir.mkdir(parents=True)
    for name, content in (("d.bit", bit_file()), ("d.hwh", hwh.encode()), ("d.xsa", b"PK"), ("timing.rpt", b"t")):
        (out_dir / name).write_bytes(content)
    files = (out_dir / name for name in ("d.bit", "d.hwh", "d.xsa"))
    return Result(*files, USED, TIMING, "Vivado 2024.1", CORE)


@pytest.fixture
def vivado(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the stand-ins were asked for."""
    asked: dict[str, Any] = {}

    def implement(found: Vivado, project: Path, out_dir: Path, progress: Callable[[str], None]) -> Result:
        asked["project"] = sorted(path.name for path in project.rglob("*"))
        progress("synthesis")
        if "fail" in asked:
            raise asked["fail"]
        return vivado_result(out_dir)

    monkeypatch.setattr(finishing, "find_vivado", lambda environ: Vivado(Path("/x/vivado"), "2024.1"))
    monkeypatch.setattr(finishing, "implement", implement)
    return asked


def test_a_handoff_becomes_a_bitstream_package(tmp_path: Path, vivado: dict[str, Any]) -> None:
    package, out = handoff(tmp_path), tmp_path / "board package"
    before = file_hashes(package)
    finishing.finish(package, out)
    made = verify_package(out)
    assert vivado["project"] == ["axi_chip.v", "build.tcl", "rtl"]
    assert file_hashes(package) == before
    assert made["status"] == "bitstream"
    assert made["tools"] == {"verilator": "5.48.0", "Vivado": "2024.1"}
    assert {"bitstream/zcu104-cqmlp.bit", "platform/zcu104-cqmlp.xsa", "reports/timing.rpt"} <= set(made["files"])
    same = ("vectors.bin", "answers.bin", "integer.onnx", "MODEL.md")
    assert {name: made["files"][name] for name in same} == {name: before[name] for name in same}
    assert "finish.py" not in made["files"]


def test_the_figures_are_vivados_and_say_so(tmp_path: Path, vivado: dict[str, Any]) -> None:
    finishing.finish(handoff(tmp_path), tmp_path / "out")
    made = verify_package(tmp_path / "out")
    assert made["resources"]["kind"] == "measured"
    assert made["resources"]["used_percent"] == {"lut": 2.0, "ff": 1.0, "bram": 0.96, "dsp": 0.0}
    expected = {"fmax_mhz": 114.29, "clock_mhz": 100.0, "kind": "measured"}
    expected |= {"latency_cycles": 40, "cycles_kind": "simulated"}
    assert {key: made["timing"][key] for key in expected} == expected
    [row] = (CoreRow.model_validate(row) for row in made["comparison"])
    assert (row.core, row.kind, row.lut, row.cycles_kind) == ("folded", "measured", 1500, "simulated")


@pytest.mark.parametrize("fault", [TimingError("WNS -1 ns"), ToolError("no licence")])
def test_what_vivado_says_is_said_and_nothing_is_written(
    tmp_path: Path, vivado: dict[str, Any], fault: GateweaveError, capsys: pytest.CaptureFixture[str]
) -> None:
    vivado["fail"] = fault
    out = tmp_path / "out"
    assert finishing.main(handoff(tmp_path), ["--out", str(out)]) == 1
    assert capsys.readouterr().err == f"error: {fault}\n"
    assert not out.exists()


def test_the_handoff_is_checked_before_vivado_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = handoff(tmp_path)
    (package / "extra.v").touch()
    monkeypatch.setattr(finishing, "find_vivado", lambda environ: pytest.fail("too early"))
    with pytest.raises(BuildError, match=r"extra: extra\.v"):
        finishing.check(package)


@pytest.mark.parametrize("name", ["out", "package/out", "package"])
def test_a_folder_that_cannot_be_the_package_is_refused(tmp_path: Path, vivado: dict[str, Any], name: str) -> None:
    package = handoff(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(BuildError, match=r"exists already|lies in the hand-off"):
        finishing.finish(package, tmp_path / name)
    assert "project" not in vivado


def test_a_bitstream_package_is_not_finished_again(tmp_path: Path, vivado: dict[str, Any]) -> None:
    finishing.finish(handoff(tmp_path), tmp_path / "out")
    with pytest.raises(BuildError, match="holds its bitstream already"):
        finishing.finish(tmp_path / "out", tmp_path / "again")


def test_check_runs_nothing(tmp_path: Path, vivado: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert finishing.main(handoff(tmp_path), ["--check"]) == 0
    assert "files as packed; Vivado 2024.1 at /x/vivado" in capsys.readouterr().out
    assert "project" not in vivado


# FINN -----------------------------------------------------------------------------------------------


@pytest.fixture
def finn(monkeypatch: pytest.MonkeyPatch, vivado: dict[str, Any]) -> dict[str, Any]:
    module: Any = types.ModuleType("toolchain.finn.finish")

    def finish(model: Path, spec: Any, found: Vivado, out_dir: Path, work_dir: Path, progress: object) -> Any:
        vivado["finn"] = (model.name, vars(spec))
        driver = out_dir / "deploy" / "driver"
        result = vivado_result(out_dir, FINN_HWH)
        driver.mkdir(parents=True)
        (driver / "settings.json").write_text(json.dumps(SETTINGS))
        return types.SimpleNamespace(result=result, deploy=out_dir / "deploy")

    names = ("name", "board", "part", "clock_ns")
    module.FinishSpec = lambda *values: types.SimpleNamespace(**dict(zip(names, values, strict=True)))
    module.finish, module.require_tools = finish, lambda found: vivado.setdefault("tools", found)
    monkeypatch.setitem(sys.modules, "toolchain.finn.finish", module)
    return vivado


def test_finn_goes_on_from_its_model(tmp_path: Path, finn: dict[str, Any]) -> None:
    finishing.finish(handoff(tmp_path, "finn"), tmp_path / "out")
    made = verify_package(tmp_path / "out")
    part = "xczu7ev-ffvc1156-2-e"
    spec = {"name": "zcu104-cqmlp", "board": "ZCU104", "part": part, "clock_ns": 10.0}
    assert finn["finn"] == ("model.onnx", spec)
    assert finn["tools"].version == "2024.1"
    assert made["stream"] == STREAM
    assert "finn-driver/settings.json" in made["files"]
    assert "requirements-finn.txt" not in made["files"]


def test_a_machine_without_finn_is_told_what_to_install(
    tmp_path: Path, vivado: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "toolchain.finn.finish", None)
    with pytest.raises(ToolError, match=r"FINN's steps cannot be imported .* README\.md"):
        finishing.check(handoff(tmp_path, "finn"))


def test_a_python_too_old_for_finn_is_named(
    tmp_path: Path, vivado: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finishing, "_FINN_PYTHON", (4, 0))
    with pytest.raises(ToolError, match=r"FINN's steps need 4\.0 or newer"):
        finishing.check(handoff(tmp_path, "finn"))


@pytest.mark.parametrize(
    "change",
    [
        lambda shapes: shapes.pop("odt"),
        lambda shapes: shapes.update(idt=["float"]),
        lambda shapes: shapes.update(idma_names=["idma0", "idma1"]),
        lambda shapes: shapes.update(oshape_folded=[None]),
    ],
)
def test_driver_settings_that_are_not_as_expected_are_named(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    settings = json.loads(json.dumps(SETTINGS))
    change(settings["driver_information"]["io_shape_dict"])
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(ToolError, match=r"settings\.json: is not what FINN's driver settings should be"):
        streams_of(tmp_path / "settings.json")
