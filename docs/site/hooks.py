"""What `make docs` shows beyond docs/: pages that lie elsewhere in the repository, and the API from docstrings.

MkDocs calls `on_files`. Links between Markdown files are those of the repository, so that a forge and the pages both
follow them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[2]

API = (
    "toolchain.api",
    "toolchain.board",
    "toolchain.catalog",
    "toolchain.errors",
    "toolchain.layout",
    "toolchain.integrity",
    "toolchain.results",
    "toolchain.graph",
    "toolchain.training",
    "toolchain.can",
    "toolchain.fpga",
    "toolchain.device",
    "toolchain.places",
    "toolchain.measure",
    "hls",
)
"""Modules and packages whose docstrings are for users of the code; a package stands for all modules below it."""

ELSEWHERE = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "flows/README.md",
    "boards/*/README.md",
    "models/*/README.md",
)
"""Pages outside docs/."""

_TREES = ("Boards", "Models")

_LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere and the API's, and put them into the navigation."""
    from mkdocs.structure.files import File

    for source in pages():
        place = place_of(source)
        if place in files.src_uris:
            files.remove(files.src_uris[place])
        files.append(File.generated(config, place, content=retargeted(source)))
    files.append(File.generated(config, "LICENSE.txt", content=(ROOT / "LICENSE").read_text()))
    for module in modules():
        files.append(File.generated(config, f"api/{module}.md", content=f"::: {module}\n"))
    config.nav = [*(config.nav or []), *navigation()]
    return files


def pages() -> list[Path]:
    """Every Markdown file that becomes a page."""
    return sorted(path for pattern in ("docs/*.md", *ELSEWHERE) for path in ROOT.glob(pattern))


def place_of(source: Path) -> str:
    """Where a file of the repository lies among the pages."""
    path = source.relative_to(ROOT).as_posix()
    return {"README.md": "index.md", "LICENSE": "LICENSE.txt"}.get(path, path.removeprefix("docs/"))


def retargeted(source: Path) -> str:
    """The text of a page, its links led to places among the pages; one that leads nowhere stays, and is an error."""
    here = os.path.dirname(place_of(source))

    def follow(found: re.Match[str]) -> str:
        target = (source.parent / found[2]).resolve()
        target = target / "README.md" if target.is_dir() else target
        if not target.is_file():
            return found[0]
        return f"{found[1]}{os.path.relpath(place_of(target), here or '.')}{found[3]}"

    return _LINK.sub(follow, source.read_text())


def modules() -> list[str]:
    """All modules that `API` stands for."""
    return [module for name in API for module in modules_of(name)]


def modules_of(name: str) -> Iterator[str]:
    """A module, or a package and then the modules that lie in it."""
    path = ROOT / name.replace(".", "/")
    found = sorted(path.rglob("*.py"), key=_order) if path.is_dir() else [path.with_suffix(".py")]
    for file in found:
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[-1] != "__main__" and "scripts" not in parts:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _order(path: Path) -> tuple[str, ...]:
    # "" comes before all names.
    return tuple("" if part == "__init__.py" else part for part in path.parts)


def navigation() -> list[dict[str, Any]]:
    """The part of the navigation that follows from the tree: boards, models, API."""
    folders = {
        title: [place_of(page) for page in pages() if page.match(f"{title.lower()}/*/README.md")] for title in _TREES
    }
    api = [{name: [{module: f"api/{module}.md"} for module in modules_of(name)]} for name in API]
    return [*({title: found} for title, found in folders.items()), {"API": api}]
