from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from toolchain.cli import main
from toolchain.cli.app import app
from toolchain.cli.build import show
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.errors import BuildError, ConfigError, DataError, GateweaveError
from toolchain.layout import Layout, Request, layout_of
from toolchain.report.show import report_of
from toolchain.results.request import write_newest

runner = CliRunner()


def _main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["gateweave", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


COMMANDS = "build plan show verify flash run measure report ids boards models doctor"


@pytest.mark.parametrize("command", COMMANDS.split())
def test_every_command_explains_itself(command: str) -> None:
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_a_wrong_name_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _main(monkeypatch, "build", "--board", "ulx3") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: unknown board 'ulx3'; did you mean ulx3s?")
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("build --bord x", "unknown option --bord; did you mean --board?; see `gateweave build --help`"),
        ("biuld", "no such command 'biuld'; did you mean 'build'; see `gateweave --help`"),
        ("build --jobs 0", "JOBS (--jobs): '0': should be greater than or equal to 1; see `gateweave build --help`"),
        ("run --count x", "COUNT (--count): 'x': should be a valid integer; see `gateweave run --help`"),
        ("measure --repeats 1", "--repeats: '1': should be greater than or equal to 5; see `gateweave measure --help`"),
        ("show ulx3s", "got unexpected extra argument(s) (ulx3s); see `gateweave show --help`"),
        ("build ulx3s", "unexpected 'ulx3s'; a board is named with --board, and words for Snakemake follow --"),
        ("ids --capture=", "--capture: is empty; give it a value, or leave it out"),
    ],
)
def test_what_is_typed_wrongly_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    assert _main(monkeypatch, *typed.split()) == 2
    assert capsys.readouterr().err == f"error: {said}\n"


def test_a_variable_of_make_is_held_like_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBS", "0")
    assert _main(monkeypatch, "build") == 2
    assert capsys.readouterr().err.startswith("error: JOBS (--jobs): '0': should be")


@pytest.mark.parametrize("option", ["--data", "--capture", "--log"])
def test_an_empty_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert _main(monkeypatch, "ids", option, "") == 2
    assert capsys.readouterr().err == f"error: {option}: is empty; give it a value, or leave it out\n"


def test_alone_it_explains_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _main(monkeypatch) == 2
    assert "Usage: gateweave" in capsys.readouterr().out


def test_lists_are_json_for_programs() -> None:
    boards = json.loads(runner.invoke(app, ["boards", "--json"]).output)
    assert "ulx3s" in {board["name"] for board in boards}
    models = json.loads(runner.invoke(app, ["models", "--json"]).output)
    assert "default" in next(model for model in models if model["name"] == "cqmlp")["recipes"]


def test_lists_are_tables_for_people() -> None:
    boards = " ".join(runner.invoke(app, ["boards"]).output.split())
    assert "LFE5U-85F" in boards
    assert "Raspberry Pi Raspberry Pi" not in boards
    assert "cqmlp" in runner.invoke(app, ["models"]).output


def _choose(**changed: str) -> Request:
    return choose(BuildOptions(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"strategy": "unrolld"},
            "STRATEGY: 'unrolld': should be one of folded, unrolled, unrolled-rom; did you mean unrolled",
        ),
        ({"fps": "fast"}, "FPS: 'fast': should be inferences per second, such as 50000, or max"),
        ({"fps": "-1"}, "FPS: '-1'"),
        ({"fps": "nan"}, "FPS: 'nan'"),
        ({"recipe": "defalt"}, "did you mean default?"),
        ({"flow": "finn"}, "FLOW: 'finn': board ulx3s builds with fpga_open"),
        ({"flow": "fin", "board": "zcu104"}, "FLOW: 'fin': board zcu104 builds with finn or dataflow"),
        ({"outputs": "classes"}, "OUTPUTS: board ulx3s has no ONNX Runtime; use one of "),
        ({"test": "x.npz"}, "TEST: is for a network of your own; name its file with NETWORK="),
        ({"network": __file__, "onnx": __file__}, "ONNX: is another name of NETWORK; give one of them"),
        (
            {"network": __file__, "recipe": "default"},
            "RECIPE: does not go with NETWORK, which names a finished network",
        ),
        ({"network": __file__, "model": "litecnn"}, "MODEL: 'litecnn' does not go with NETWORK, which takes its place"),
        ({"network": __file__, "board": "host", "fps": "9"}, "FPS: does not go with NETWORK, on board host"),
    ],
)
def test_choices_are_checked_before_any_work(changed: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _choose(**changed)
    assert words in str(caught.value)


def test_the_folder_of_captures_is_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, words in (("nowhere", "no such folder"), ("file", "is a file; give the folder"), ("empty", "is empty")):
        with pytest.raises(DataError, match=words):
            _choose(data=str(tmp_path / name))


def test_choices_make_a_request() -> None:
    assert _choose(strategy="unrolled", fps="MAX").variant == "default-unrolled-fpsmax"
    assert _choose(fps="5e4").fps == 50000
    assert _choose(board="zcu104").variant == "default-finn"
    assert _choose(board="zcu104", flow="dataflow").variant == "default-folded"


def test_a_missing_program_is_named_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain.cli.choose import must_be_able_to_build

    monkeypatch.setattr("shutil.which", lambda name, **_: None if name == "g++" else f"/usr/bin/{name}")
    with pytest.raises(GateweaveError, match=r"missing: g\+\+; install with `make system-deps`"):
        must_be_able_to_build(Request("ulx3s", "cqmlp"))


def test_a_full_disk_is_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain.cli.choose import must_be_able_to_build

    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 5 << 20}))
    with pytest.raises(GateweaveError, match="5 MiB free on this disk"):
        must_be_able_to_build(Request("ulx3s", "cqmlp"))


def test_doctor_finds_this_machine_as_the_tests_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain.doctor import Finding

    found = [
        Finding("python", True, "3.11"),
        Finding("git", None, "missing", "x"),
        Finding("g++", False, "missing", "y"),
    ]
    monkeypatch.setattr("toolchain.doctor.examine", lambda: found)
    result = runner.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    assert [finding["ok"] for finding in json.loads(result.output)] == [True, None, False]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            BuildOptions(board="host", outputs="classes"),
            "OUTPUTS: is for a network of your own; name its file with NETWORK=",
        ),
        (BuildOptions(board="ulx3s", outputs="classes"), "OUTPUTS: board ulx3s has no ONNX Runtime"),
        (
            BuildOptions(board="host", onnx=__file__, outputs="clases"),
            "OUTPUTS: 'clases': should be one of classes, values",
        ),
    ],
)
def test_outputs_that_cannot_be_asked_for(options: BuildOptions, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        choose(options)


def test_outputs_that_are_asked_for() -> None:
    assert choose(BuildOptions(board="host", onnx=__file__, outputs="values")).outputs == "values"
    assert choose(BuildOptions(board="host", onnx=__file__)).outputs is None


def test_what_cannot_be_read_or_named_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="the name is not UTF-8"):
        _choose(data=str(tmp_path / "caf\udce9"))
    (tmp_path / "a.log").write_text("x")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(DataError, match=r"a\.log: may not be read"):
        _choose(data=str(tmp_path))


def test_it_says_its_version() -> None:
    result = runner.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("gateweave ")


def test_every_command_has_the_same_default_board() -> None:
    commands = typer.main.get_group(app).commands.values()
    boards = {option.default for command in commands for option in command.params if option.name == "board"}
    # `check` speaks of all boards unless one is named.
    assert len(boards - {None}) == 1


def test_show_says_what_is_built_where_the_asked_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    package = tmp_path / "cqmlp" / "ulx3s" / "default-folded" / "package"
    package.mkdir(parents=True)
    (package / "manifest.json").write_text("{}")
    with pytest.raises(GateweaveError, match=r"FPS=77 has not been built; built for ulx3s: default-folded; build it"):
        report_of(layout_of(_choose(fps="77")))


def test_an_unbuilt_network_from_a_file_is_named_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    (tmp_path / "my net.onnx").write_text("x")
    with pytest.raises(GateweaveError) as caught:
        report_of(layout_of(_choose(board="host", onnx=str(tmp_path / "my net.onnx"))))
    assert str(caught.value).endswith(f"run `make build BOARD=host NETWORK='{tmp_path}/my net.onnx'`")


def test_a_network_from_a_file_is_shown_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    with pytest.raises(ConfigError, match="unknown model 'net'"):
        show("host", "net", None, False)
    request = Request("host", "net", flow="ort", file="/x/net.onnx")
    package = Layout(request, tmp_path).stage("package")
    package.mkdir(parents=True)
    (package / "manifest.json").write_text("{}")
    write_newest(Layout(request, tmp_path).latest, request)
    with pytest.raises(BuildError, match=r"net/host/.*manifest\.json"):
        show("host", "net", None, False)


def test_versions_are_compared_as_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain import doctor

    monkeypatch.setattr("toolchain.doctor.pinned", lambda root: {"mip": "1.17.0", "torch": "2.1.0", "numpy": "2.0"})
    monkeypatch.setattr("toolchain.doctor.installed", lambda pins: {"mip": "1.17", "torch": "2.10", "numpy": None})
    assert [finding.check for finding in doctor._packages()] == ["package torch", "package numpy"]


def test_an_installed_copy_needs_no_package_that_only_the_repository_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain import doctor

    monkeypatch.setattr("toolchain.doctor.INSTALLED", True)
    monkeypatch.setattr("toolchain.doctor.pinned", lambda root: {"ruff": "1", "torch": "2.1.0", "numpy": "2.0"})
    monkeypatch.setattr("toolchain.doctor.installed", lambda pins: {name: "2.0" for name in pins})
    findings = list(doctor._packages())
    assert [finding.check for finding in findings] == ["package torch"]
    assert findings[0].mend.startswith("pip install --constraint ")


@pytest.mark.parametrize("command", ["boards", "doctor"])
def test_a_narrow_terminal_cuts_nothing(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain.doctor import Finding

    long = Finding("g++", True, "/a/very/long/folder/that/no/column/holds/" * 2)
    monkeypatch.setattr("toolchain.doctor.examine", lambda: [long])
    shown = runner.invoke(app, [command], env={"COLUMNS": "80"}).output
    assert "…" not in shown
    if command == "boards":
        assert {"xczu9eg-ffvb1156-2-e", "jetson-orin-nano"} <= set(shown.split())
