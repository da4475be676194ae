"""Which revision of this repository made a package."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from toolchain.results.manifest import Revision


def git_revision(root: Path) -> Revision:
    """Commit and whether the working tree differs from it; both None outside a git checkout.

    A folder is outside, too, where the checkout around it holds none of its files, such as an environment in a project.
    """
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None or _git(root, "ls-files", "--error-unmatch", ".") is None:
        return Revision(revision=None, dirty=None)
    return Revision(revision=commit, dirty=bool(_git(root, "status", "--porcelain")))


def _git(root: Path, *arguments: str) -> str | None:
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None
