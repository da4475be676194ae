from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.causes import _code, _needs, causes, sources
from toolchain.device.bundle import closure
from toolchain.layout import ROOT, Request
from toolchain.model_folder import ModelFolder
from toolchain.package.amd import content
from toolchain.package.open import content as open_content
from toolchain.stages import flows

REQUEST = Request("ulx3s", "cqmlp")


def _names(module: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in sources(module)}


def _kinds(stage: str, request: Request = REQUEST) -> list[str]:
    return [word.partition(":")[0] for word in causes(stage, request)]


def test_sources_follow_imports_also_inside_functions() -> None:
    found = _names("toolchain.catalog")
    assert {"toolchain/catalog.py", "toolchain/board.py", "toolchain/layout.py"} <= found
    assert "toolchain/training/recipe.py" in found, "imported inside a function"
    assert "toolchain/console.py" not in found


def test_hardware_depends_on_the_verilog_and_training_does_not() -> None:
    assert "hls/rtl/mvu.v" in _names("flows.stages.rtl.generate")
    assert not any(name.startswith("hls/") for name in _names("flows.stages.network.train"))
    assert "toolchain/fpga/families/ecp5.py" in _names("flows.stages.fpga_open.implement")


def test_only_a_training_with_a_budget_depends_on_the_estimate_of_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(files: Iterable[Path]) -> str:
        return str(any(path.is_relative_to(ROOT / "hls" / "unrolled") for path in files))

    monkeypatch.setattr("flows.causes._digest_files", altered)
    _code.cache_clear()
    budgeted = replace(REQUEST, recipe="tiny")
    found = [causes(stage, request)[0] for request in (REQUEST, budgeted) for stage in ("train", "baselines")]
    _code.cache_clear()
    assert found == ["code:False", "code:False", "code:True", "code:True"]


def test_recipes_and_plumbing_are_no_code() -> None:
    assert not any(name.endswith((".yaml", ".md")) for name in _names("models.cqmlp.model"))
    assert "toolchain/events.py" not in _names("flows.stages.network.data")


def test_each_stage_has_the_causes_that_decide_it() -> None:
    assert _kinds("data") == ["code", "pins", "recipe"]
    assert _kinds("streamline") == ["code", "pins"]
    assert _kinds("fold") == ["code", "pins", "recipe", "board", "fps", "strategy"]
    assert _kinds("implement") == ["code", "pins", "board"]


def test_a_native_nextpnr_counts_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nextpnr-ecp5"
    program.write_text("#!/bin/sh\necho '(Version nextpnr-0.9 x)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    before = causes("implement", REQUEST)
    monkeypatch.setenv("PNR", "auto")
    assert causes("implement", REQUEST) == [*before, "nextpnr:native-0.9-x"]
    assert causes("synthesise", REQUEST)[-1].startswith("board:")


def test_causes_hold_no_path_and_are_the_same_twice() -> None:
    for flow in flows():
        request = replace(REQUEST, board="ulx3s" if flow == "fpga_open" else "zcu104", flow=flow)
        for stage in request.table:
            words = causes(stage, request)
            assert words == causes(stage, request)
            assert not any("/" in word for word in words)


def test_captures_count_by_name_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    request = Request("ulx3s", "cqmlp", data=str(tmp_path))
    before = causes("data", request)
    assert "captures" in _kinds("data", request)
    (tmp_path / "a.log").write_text("xy")
    assert causes("data", request) != before


def test_both_names_of_a_room_lead_to_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("from gateweave.toolchain.training.blocks import dense\n")
    package = ModelFolder("mine", tmp_path).mount()
    assert ROOT / "toolchain/training/blocks.py" in sources(f"{package}.model")


def test_the_code_of_a_model_elsewhere_counts_and_what_lies_beside_it_does_not(tmp_path: Path) -> None:
    codes = []
    texts = {"model": "from .parts import PART\n", "parts": "PART = 1\n", "other": "OTHER = 1\n"}
    for place, part, beside in (("a", 1, 1), ("b", 1, 1), ("c", 2, 1), ("d", 1, 2)):
        folder = tmp_path / place / "mine"
        (folder / "recipes").mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(text.replace("PART = 1", f"PART = {part}"))
        (folder / "recipes/default.yaml").write_text("title: t\n")
        (folder / "captured.bin").write_bytes(bytes(beside))
        codes.append(causes("train", replace(REQUEST, model="mine", folder=str(folder))))
    here, moved, changed, fuller = codes
    assert here == moved == fuller
    assert [word for word in here if word not in changed] == [here[0]]
    assert here[0].startswith("code:")


def test_what_the_outputs_are_said_to_be_decides_the_graphs() -> None:
    given = Request("host", "net", flow="ort", file=__file__)
    said = replace(given, outputs="classes")
    assert set(causes("graphs", said)) - set(causes("graphs", given)) == {"outputs:classes"}
    assert causes("load", said) == causes("load", given)


def test_programs_that_a_stage_starts_are_its_code() -> None:
    assert "toolchain/fpga/launch.py" in _names("flows.stages.fpga_open.synthesise")
    assert "toolchain/vivado/supervise.py" in _names("flows.stages.vivado.implement")
    assert "toolchain/runtime/try_model.py" in _names("flows.stages.foreign.load")
    assert "toolchain/device/runner/runner.py" in _names("flows.stages.ort.time")


def _packed(modules: tuple[str, ...]) -> set[str]:
    return {name for name in closure(modules) if "__pycache__" not in name}


def test_code_that_is_copied_into_packages_is_their_code() -> None:
    amd = _names("flows.stages.vivado.package")
    assert _packed((*content._BOARD_MODULES, *content._FINISH_MODULES, *content._FLOW_MODULES["finn"])) <= amd
    assert {f"toolchain/device/scripts/amd/{name}" for name in content._BOARD_SCRIPTS} <= amd
    assert f"toolchain/package/amd/scripts/{content.FINISH}" in amd
    runners = {str(path.relative_to(ROOT)) for path in (ROOT / "toolchain/device/runner").glob("*.*")}
    assert runners <= _names("flows.stages.ort.package")
    assert _packed(("toolchain.device.ort",)) <= _names("flows.stages.ort.package")
    serial = _names("flows.stages.fpga_open.package")
    assert _packed(open_content.MODULES) <= serial
    assert {f"toolchain/device/scripts/open/{name}" for name in open_content._PROGRAMS} <= serial
    assert "toolchain/device/link/protocol.py" in serial


def test_code_that_python_does_not_read_has_causes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.py"
    path.write_text("def (\n")
    monkeypatch.setattr("flows.causes._file_of", lambda module: path)
    assert _needs.__wrapped__("models.broken.model").modules <= {"models", "models.broken"}
