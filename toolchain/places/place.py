"""Where an agent runs: this computer, or a board by SSH (`toolchain.places.remote.Remote` has the same verbs)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from toolchain.device.checksums import must_be_plain
from toolchain.errors import ToolError
from toolchain.files import unwritten


class Place(Protocol):
    """A machine that files are copied to and programs run on; folders are relative to a home of its own."""

    address: str

    def deploy(self, folder: Path, name: str) -> str:
        """Copy a folder there; returns where it lies."""

    def ask(
        self, words: Sequence[str], *, folder: str | None = None, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program there."""

    def as_root(self, words: Sequence[str]) -> list[str]:
        """The words, so that root runs them."""

    def fetch(self, there: str, here: Path) -> None:
        """Copy a file from there."""


class Here:
    """The computer this runs on.

    Args:
        home: the folder that stands for the machine's home.
    """

    address = "local"

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()

    def deploy(self, folder: Path, name: str) -> str:
        """Copy a folder into the home.

        Raises:
            BuildError: it cannot be written, or the name is no plain one.
        """
        must_be_plain(name)
        target = self._home / name
        try:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target)
        except (OSError, shutil.Error) as error:
            raise unwritten(target, error) from error
        return name

    def ask(
        self, words: Sequence[str], *, folder: str | None = None, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the home, or a folder below it.

        Raises:
            ToolError: it cannot be started, or takes longer than that.
        """
        try:
            return subprocess.run(
                list(words),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                cwd=self._home / (folder or ""),
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"{words[0]} is not done after {seconds:g} s") from None
        except OSError as error:
            raise ToolError(f"{words[0]}: cannot be started: {error.strerror}") from error

    def as_root(self, words: Sequence[str]) -> list[str]:
        """The words as they are: what this user may not read is said to be unreadable."""
        return list(words)

    def fetch(self, there: str, here: Path) -> None:
        """Copy a file out of the home.

        Raises:
            ToolError: it is not there.
        """
        try:
            here.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._home / there, here)
        except OSError as error:
            raise ToolError(f"{os.path.basename(there)}: cannot be fetched: {error.strerror}") from error
