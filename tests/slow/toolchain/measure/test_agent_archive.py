"""The agent as one file: same bytes, standard library only, old Python, no network."""

from __future__ import annotations

import ast
import collections.abc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.sensors import hwmon
from toolchain.layout import ROOT
from toolchain.measure.agent_archive import agent_files, agent_version, build_agent

FILES = sorted((ROOT / "toolchain" / "device" / "agent").glob("*.py"))
NETWORK = {"socket", "socketserver", "http", "urllib", "ssl", "asyncio", "ftplib", "smtplib", "xmlrpc", "selectors"}
# What came after Python 3.8 and is easily used by mistake.
LATER = {"removeprefix", "removesuffix", "is_relative_to", "readlink", "pairwise", "batched", "StrEnum", "hardlink_to"}
KEYWORDS = {"strict", "slots", "kw_only", "missing_ok_parents", "encoding_errors"}


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = build_agent(tmp_path / "one"), build_agent(tmp_path / "two")
    assert one.read_bytes() == two.read_bytes()
    assert set(agent_files()) == {f"agent/{path.name}" for path in FILES}
    assert len(agent_version()) == 16


def test_one_file_runs_alone(tmp_path: Path) -> None:
    hwmon(tmp_path / "root", 0, "ina226_u183", power1_input=12_000_000)
    words = [sys.executable, "-I", "-S", str(build_agent(tmp_path)), "sources", "--root", str(tmp_path / "root")]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", check=True)
    assert [source["name"] for source in json.loads(done.stdout)["sources"]] == ["ina226_u183"]


def test_only_chosen_sensors_are_read(tmp_path: Path) -> None:
    hwmon(tmp_path / "root", 0, "ina226_u183", power1_input=12_000_000, update_interval=1)
    hwmon(tmp_path / "root", 1, "irps5401", power1_input=1, power1_label="pout1")
    work = "import json; print(json.dumps({'inferences': 9, 'seconds': 0.01})) #{seconds}"
    options = ["--root", str(tmp_path / "root"), "--out", str(tmp_path / "out"), "--warm-up", "0", "--seconds", "0.01"]
    options += ["--source", "ina226_u183", "--repeats", "1"]
    words = [sys.executable, str(build_agent(tmp_path)), "measure", *options]
    done = subprocess.run([*words, "--", sys.executable, "-c", work], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [source["name"] for source in result["sources"]] == ["ina226_u183"]
    # A value that never changes is no figure.
    assert result["status"] == "rejected" and result["energy"] is None


@pytest.mark.parametrize("root", ["tree", "nowhere"])
def test_a_tree_without_sys_is_refused(tmp_path: Path, root: str) -> None:
    (tmp_path / "tree").mkdir()
    words = [sys.executable, str(build_agent(tmp_path)), "sources", "--root", root]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "should be a folder that holds sys/" in done.stderr


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    words = [sys.executable, str(build_agent(tmp_path)), "measure", "--out", str(tmp_path / "out")]
    done = subprocess.run([*words, "--", "true"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "error: true: should hold {seconds} or {count}, else it runs for no known time\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_standard_library_of_python_3_8_and_no_network(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    modules = set(_modules(tree))
    assert modules <= set(sys.stdlib_module_names)
    assert not modules & NETWORK
    assert list(_later(tree)) == []
    # Without it, `X | None` in an annotation is evaluated, which Python 3.8 cannot.
    assert path.name == "__init__.py" or "from __future__ import annotations" in path.read_text()


@pytest.mark.parametrize(
    "code",
    [
        "'a'.removeprefix('a')",
        "zip(a, b, strict=True)",
        "def f(x: int = list[int]()): ...",
        "A = int | None",
        "A = Callable[[], int]",
    ],
)
def test_the_check_catches_what_is_newer(code: str) -> None:
    assert list(_later(ast.parse(code)))


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def _later(tree: ast.AST) -> Iterator[str]:
    annotations = {id(inner) for node in _annotations(tree) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) not in annotations and _is_later(node):
            yield ast.unparse(node)


# None of them can be subscripted at run time before Python 3.9.
_BARE = {"list", "dict", "tuple", "set", "frozenset", "type", *dir(collections.abc)}


def _is_later(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in LATER
    if isinstance(node, ast.keyword):
        return node.arg in KEYWORDS
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in _BARE
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and _is_type(node.right)


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _annotations(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            value = getattr(node, name, None)
            if value is not None:
                yield value
