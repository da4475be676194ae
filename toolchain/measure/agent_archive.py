"""The agent as one file that any Python from 3.8 on runs: `python3 agent.pyz`."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from pathlib import Path

from toolchain.device.bundle import package_folder
from toolchain.files import write_atomic

_AGENT = package_folder("toolchain.device.agent")
_SHEBANG = b"#!/usr/bin/env python3\n"
_START = b"import sys\n\nfrom agent.__main__ import main\n\nsys.exit(main())\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
NAME = "agent.pyz"


def agent_files() -> dict[str, bytes]:
    """The agent's files by their names in the archive."""
    return {f"agent/{path.name}": path.read_bytes() for path in sorted(_AGENT.glob("*.py"))}


def agent_version() -> str:
    """Digest of the agent's sources: what a result names as the agent that took it."""
    digest = hashlib.sha256()
    for name, content in agent_files().items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def build_agent(folder: Path) -> Path:
    """Write `agent.pyz` into a folder; the same sources give the same bytes.

    Raises:
        BuildError: it cannot be written.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in {"__main__.py": _START, **agent_files()}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
            zipped.writestr(entry, content)
    path = folder / NAME
    write_atomic(path, _SHEBANG + archive.getvalue())
    path.chmod(0o755)
    return path
