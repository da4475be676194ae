"""A clone and a build folder whose paths hold what shells, Snakemake and markup read as their own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.flows.conftest import Tree

_ODD = 'a folder\'s "own" [b] {x}'


def test_odd_paths_of_clone_and_build_change_nothing(tree: Tree, tmp_path: Path) -> None:
    odd = Tree(tmp_path / _ODD)
    shutil.copytree(tree.root, odd.root, symlinks=True, ignore=shutil.ignore_patterns("build"))
    elsewhere = tmp_path / f"builds in {_ODD}"
    place = {"GATEWEAVE_BUILD_DIR": str(elsewhere)}
    odd.must("build", **place)
    assert odd.ran()[-1] == "package"
    odd.must("build", **place)
    assert odd.ran() == []
    manifest = next(elsewhere.glob("cqmlp/ulx3s/*/package/manifest.json"))
    assert manifest.read_bytes() == (tree.build / manifest.relative_to(elsewhere)).read_bytes()
    assert str(elsewhere) in odd.must("show", COLUMNS="400", **place)
