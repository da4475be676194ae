from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.device.bundle import SOURCES, bundle, closure
from toolchain.errors import BuildError
from toolchain.package.amd import content
from toolchain.package.open.content import MODULES

BOARD = sorted(name for name in closure(content._BOARD_MODULES) if name.endswith(".py"))
FINISH = sorted(name for name in closure(content._FINISH_MODULES) if name.endswith(".py"))
OPEN = sorted(name for name in closure(MODULES) if name.endswith(".py"))
STANDARD_LIBRARY_38 = {
    *(
        "__future__",
        "argparse",
        "array",
        "ast",
        "collections",
        "contextlib",
        "ctypes",
        "dataclasses",
        "errno",
        "enum",
        "fcntl",
    ),
    *("functools", "glob", "hashlib", "importlib", "io", "itertools", "json", "math", "mmap", "os", "pathlib"),
    *("platform", "re", "select", "selectors", "shlex", "shutil", "signal", "stat", "struct", "subprocess", "sys"),
    *("tempfile", "termios", "textwrap", "threading", "time", "types", "typing", "warnings", "xml", "zipfile", "zlib"),
}


def test_a_module_brings_what_it_imports_and_the_packages_around_it() -> None:
    found = closure(["toolchain.device.checksums"])
    assert found == {
        "toolchain/__init__.py",
        "toolchain/errors.py",
        "toolchain/device/__init__.py",
        "toolchain/device/intact.py",
        "toolchain/device/packed.py",
        "toolchain/device/checksums.py",
        "toolchain/files.py",
    }


def test_a_package_brings_all_its_files_and_a_module_the_files_it_names() -> None:
    assert "toolchain/vivado/tcl/build.tcl" in closure(["toolchain.vivado"])
    assert "toolchain/finn/collect.tcl" in closure(["toolchain.finn.finish"])


def test_files_are_copied_as_they_are(tmp_path: Path) -> None:
    bundle(["toolchain.errors"], tmp_path)
    assert (tmp_path / "toolchain/errors.py").read_bytes() == (SOURCES / "toolchain/errors.py").read_bytes()
    assert sorted(path.name for path in tmp_path.rglob("*.py")) == ["__init__.py", "errors.py"]


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(BuildError, match=r"toolchain\.no_such: no such module"):
        closure(["toolchain.no_such"])


@pytest.mark.parametrize("name", sorted({*BOARD, *FINISH, *OPEN}))
def test_what_goes_elsewhere_is_python_3_8_and_its_standard_library(name: str) -> None:
    tree = ast.parse((SOURCES / name).read_text(), feature_version=(3, 8))
    allowed = STANDARD_LIBRARY_38 | {"toolchain"}
    assert {module.split(".")[0] for module in _imports(tree)} <= allowed
    assert list(_too_new(tree)) == []


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _too_new(tree: ast.AST) -> Iterator[str]:
    """What Python 3.8 parses but cannot run: generic built-ins outside annotations, newer methods and arguments."""
    generic = {"list", "dict", "tuple", "set", "frozenset", "type", *_abstract(tree)}
    for node in ast.walk(_without_annotations(tree)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            if node.value.id in generic:
                yield f"line {node.lineno}: {node.value.id}[]"
        elif isinstance(node, ast.Attribute) and node.attr in {
            *("removeprefix", "removesuffix", "is_relative_to", "with_stem", "hardlink_to", "readlink", "bit_count"),
            *("pairwise", "batched", "file_digest", "randbytes"),
        }:
            yield f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.keyword) and node.arg in {"strict", "slots", "kw_only", "missing_ok_dirs"}:
            yield f"argument {node.arg}="


def _abstract(tree: ast.AST) -> Iterator[str]:
    """Names that come from `collections.abc`; those of `typing` may have arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "collections.abc":
            yield from (alias.name for alias in node.names)


def _without_annotations(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return tree
