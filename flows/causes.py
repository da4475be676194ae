"""Why a stage would have to run again, apart from its input files.

Each cause is a word such as ``recipe:5f0c...``: a name and a digest of what stands behind it. Snakemake keeps
them as the rule's parameters; a changed one re-runs the stage and all that follow, and `plan` names it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows.imports import import_statements
from toolchain.board import OpenBoard
from toolchain.catalog import load_board
from toolchain.errors import ToolError
from toolchain.fpga import family_of
from toolchain.layout import PINS, ROOT, Request
from toolchain.model_folder import folder_of, is_outside, name_in_rooms, place_of
from toolchain.stages import Remade
from toolchain.vivado.find import find_vivado
from toolchain.yaml_file import read_mapping

# They start stages and move files, but compute nothing of what is written.
_PLUMBING = {"flows", "flows.stages", "flows.stages.context"}
_ROOMS = ("toolchain", "hls", "flows", "models")
_MODULE = re.compile(r"(?:toolchain|hls|flows)(?:\.\w+)+")
_NAME = re.compile(r"\w[\w.]*")
# A string that is a name and no more. Nodes of all expressions are ten times as many as statements, and slow to visit.
_WORD = re.compile(rb"""["'](\w[\w.]*)["']""")
# Kinds of files in a folder that a module names.
_READ = {".py", ".c", ".h", ".cpp", ".v", ".sv", ".tcl", ".j2", ".sh", ".css", ".js"}


def causes(stage: str, request: Request) -> list[str]:
    """The causes of a stage, one word each."""
    remade = request.table[stage].row.remade_by
    words = [f"code:{_code(stage, request)}", f"pins:{_digest_files(ROOT / name for name in PINS)}"]
    if remade.recipe is not None and not request.file:
        words.append(f"recipe:{yaml_digest(_recipe_file(request), remade.recipe)}")
    if remade.board is not None:
        board = ROOT / "boards" / request.board / "board.yaml"
        words.append(f"board:{yaml_digest(board, () if remade.board == 'all' else remade.board)}")
    words += [f"{name}:{_option(name, request)}" for name in remade.request if _option(name, request)]
    words += _own_files(remade, request)
    return [*words, *_tools(remade, request)]


def _option(name: str, request: Request) -> str:
    """An option of the request in a word; empty where it stands for nothing."""
    value = getattr(request, name)
    if name == "fps":
        return str(value or "board")
    return "included" if value is True else str(value or "")


def _own_files(remade: Remade, request: Request) -> list[str]:
    """Files of the person's own that a stage reads: a listing of the captures, or digests."""
    if remade.files == "captures" and (files := captures(request)):
        return [f"captures:{_listing_digest(files)}"]
    return [f"file:{_file_digest(Path(path))}" for path in network_files(request)] if remade.files == "network" else []


def _tools(remade: Remade, request: Request) -> list[str]:
    """A tool outside the environment, with its version."""
    if remade.tools == "vivado":
        return [f"vivado:{_vivado()}"]
    return [f"nextpnr:{version}"] if remade.tools == "nextpnr" and (version := _nextpnr(request)) else []


def _nextpnr(request: Request) -> str:
    """The version of a native nextpnr where one is to place and route; the pinned one counts with all pins.

    Raises:
        ToolError: it was asked for and is not there.
    """
    board = load_board(request.board)
    if not isinstance(board, OpenBoard):
        return ""
    tool = family_of(board.fpga).place_and_route_tool
    return "-".join(tool.version().split()) if tool.native() else ""


def _vivado() -> str:
    """The version of Vivado on the PATH; the stage itself says what is wrong with it."""
    try:
        vivado = find_vivado()
    except ToolError:
        return "unusable"
    return vivado.version if vivado else "absent"


def captures(request: Request) -> list[str]:
    """All files of the data: those that were given, or that the recipe names; none where the model makes its own."""
    path = Path(request.data) if request.data else _named_by_recipe(request)
    if path is None:
        return []
    return [str(path)] if path.is_file() else sorted(str(inner) for inner in path.rglob("*") if inner.is_file())


def _named_by_recipe(request: Request) -> Path | None:
    model = folder_of(request)
    if model.has("data"):
        return None
    return model.data_path(_values(_recipe_file(request)).get("data"))


def _recipe_file(request: Request) -> Path:
    return folder_of(request).path / "recipes" / f"{request.recipe}.yaml"


def network_files(request: Request) -> list[str]:
    """The network's file and its data where the network is not one of ours."""
    return [path for path in (request.file, request.test, request.calibration, request.then) if path]


def sources(module: str) -> set[Path]:
    """Files of this repository that a module needs, however indirectly.

    Follows imports, also those inside functions; modules that are named in a string, since they are run as processes
    of their own or copied into packages; files and folders beside a module that it names; and what lies beside a
    module without being Python (Verilog, C++), in its folder or in folders below that are no packages. Of a model that
    is none of `models/` only what its modules name: a person's folder may hold anything.
    """
    found: set[str] = set()
    named: set[Path] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            needs = _needs(name)
            named |= needs.files
            pending += [*needs.modules, *(_module_at(file) for file in needs.files if file.suffix == ".py")]
    files = {file for name in found if (file := _file_of(name))}
    # The two great rooms' own folders hold what starts stages, not what stages do.
    folders = {file.parent for file in files if not is_outside(file)} - {ROOT / "flows", ROOT / "toolchain"}
    return files | named | {beside for folder in folders for beside in _beside(folder)}


@cache
def _code(stage: str, request: Request) -> str:
    known = request.table[stage]
    modules = [known.module]
    if known.row.remade_by.model:
        package = folder_of(request).mount()
        # What a model's settings say by themselves stands in no recipe.
        modules += [f"{package}.{name}" for name in (*known.row.remade_by.model, "settings")]
    modules += [
        name
        for section, name in known.row.remade_by.with_section.items()
        if _values(_recipe_file(request)).get(section)
    ]
    return _digest_files(set().union(*(sources(name) for name in modules)))


@cache
def _file_of(module: str) -> Path | None:
    base = place_of(module)
    candidates = (base / "__init__.py", base.with_name(f"{base.name}.py"))
    return next((path for path in candidates if path.is_file()), None)


@dataclass(frozen=True)
class _Needs:
    """What a module needs itself: modules of this repository, with the packages above them, and files beside it."""

    modules: frozenset[str] = frozenset()
    files: frozenset[Path] = frozenset()


@cache
def _needs(module: str) -> _Needs:
    path = _file_of(module)
    if path is None or module in _PLUMBING:
        return _Needs()
    text = path.read_bytes()
    try:
        nodes = import_statements(text)
    except (SyntaxError, ValueError):  # The stage that loads it names file and line.
        nodes = []
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    words = {word.decode(errors="replace") for word in _WORD.findall(text)}
    # A room has two names; see gateweave/__init__.py.
    imported = {name.removeprefix("gateweave.") for node in nodes for name in _names(node, package)}
    spoken = {inner for word in words if _MODULE.fullmatch(word) for inner in _modules_of(word)}
    mine = {name for name in imported | spoken | {module} if name.split(".")[0] in _ROOMS}
    above = frozenset(above for name in mine for above in _with_parents(name) if above != module)
    return _Needs(above, frozenset(file for word in words for file in _named(path, word)))


def _modules_of(word: str) -> Iterator[str]:
    """A module, or all modules of a package: who names a package in a string runs or copies all of it."""
    base = ROOT.joinpath(*word.split("."))
    yield word
    if (base / "__init__.py").is_file():
        yield from (_module_at(path) for path in base.rglob("*.py"))


def _named(path: Path, word: str) -> Iterator[Path]:
    """The file that a word names, or all files of the folder that it names, beside a module."""
    if word not in _names_in(path.parent):
        return
    beside = path.with_name(word)
    if beside.is_file():
        yield beside
    elif beside.is_dir():
        yield from (file for file in beside.rglob("*") if file.is_file() and file.suffix in _READ)


@cache
def _names_in(folder: Path) -> frozenset[str]:
    """What lies in a folder, asked once: modules hold thousands of words, and few of them are names of files."""
    return frozenset(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _module_at(path: Path) -> str:
    parts = name_in_rooms(path.with_suffix(""))
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
        base = ".".join([*parts, *([node.module] if node.module else [])])
        yield base
        # `from package import module` may name a module or a thing inside the package.
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


@cache
def _beside(folder: Path) -> frozenset[Path]:
    found: set[Path] = set()
    for path in folder.iterdir():
        if path.is_dir():
            inner = path.name != "__pycache__" and not (path / "__init__.py").exists()
            found |= _beside(path) if inner else set()
        elif path.suffix not in {".py", ".md", ".yaml"}:
            found.add(path)
    return frozenset(found)


def _digest_files(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{_named_in_digest(path)}\0{_file_digest(path)}\n".encode())
    return digest.hexdigest()[:16]


def _named_in_digest(path: Path) -> str:
    """A file's name where it lies in the rooms; a model's folder elsewhere may be moved."""
    if is_outside(path):
        return "/".join(("model", *name_in_rooms(path)[2:]))
    return str(path.relative_to(ROOT))


@cache
def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


_values = cache(read_mapping)


def yaml_digest(path: Path, parts: tuple[str, ...]) -> str:
    """Digest of the values of a YAML file's sections, whatever its comments and spacing."""
    raw = _values(path)
    chosen = {key: raw.get(key) for key in parts or sorted(raw)}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def _listing_digest(paths: Iterable[str]) -> str:
    stats = [(path, Path(path).stat()) for path in paths]
    lines = [f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}" for path, stat in stats]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
