"""Boards that run Linux, reached by SSH: host keys are checked, and nothing ever asks for a password."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain.device.checksums import must_be_plain
from toolchain.errors import ConfigError, ToolError

_OPTIONS = ("BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10", "ServerAliveInterval=10")
_ADDRESS = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9_\[][A-Za-z0-9_.:%\[\]-]*$")
_SSH_FAILED = 255
_SECONDS = 60.0
_COPY_SECONDS = 600.0
_HOME = "gateweave"

# What ssh says, in the order of looking, and what to do about it.
_FAULTS = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key changed: it was installed anew, or another machine answers. If you know why, run "
        "`ssh-keygen -R {host}`, connect once by hand and compare the key",
    ),
    (
        "Host key verification failed",
        "its host key is not known; run `ssh {address}` once by hand and compare the key before you accept it",
    ),
    ("Permission denied", "it does not take your key; run `ssh-copy-id {address}`, or load the key into ssh-agent"),
    ("Could not resolve hostname", "there is no such name; check HOST, or use its address"),
    ("Connection refused", "nothing listens for SSH there; is sshd running on the board?"),
    ("timed out", "it does not answer; is the board on, and in this network?"),
    ("No route to host", "it cannot be reached; is the board on, and in this network?"),
    ("No space left on device", "its disk is full; make room there"),
)


class Remote:
    """A board by its SSH address.

    Args:
        address: user@host; ports, keys and jumps belong into ~/.ssh/config.

    Raises:
        ConfigError: it is no such address.
        ToolError: ssh or scp is missing.
    """

    def __init__(self, address: str) -> None:
        if not _ADDRESS.match(address):
            raise ConfigError(f"HOST={address}: should be user@address; port and key belong into ~/.ssh/config")
        for program in ("ssh", "scp"):
            if shutil.which(program) is None:
                raise ToolError(f"{program} is missing; install Debian's package openssh-client")
        self.address = address

    def run(self, words: Sequence[str], *, folder: str | None = None, seconds: float = _SECONDS) -> str:
        """What a program on the board prints.

        Args:
            words: the program and its arguments, as they are: no shell reads them.
            folder: where it runs, relative to the home folder.
            seconds: how long it may take.

        Raises:
            ToolError: the board cannot be reached, or the program failed there.
        """
        done = self.ask(words, folder=folder, seconds=seconds)
        if done.returncode:
            raise ToolError(f"{self.address}: {words[0]} ended with status {done.returncode}: {_last(done.stderr)}")
        return done.stdout

    def ask(
        self, words: Sequence[str], *, folder: str | None = None, seconds: float = _SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """As `run`, for programs whose status means something.

        Raises:
            ToolError: the board cannot be reached.
        """
        line = shlex.join(words)
        if folder is not None:
            line = f"cd {shlex.quote(folder)} && {line}"
        return self._call(["ssh", *_options(), "--", self.address, line], seconds)

    def as_root(self, words: Sequence[str]) -> list[str]:
        """The words, by way of `sudo` where the user is not root; sudo must not ask for a password.

        Raises:
            ToolError: as `run`, or sudo asks.
        """
        if self.run(["id", "-u"]).strip() == "0":
            return list(words)
        if self.ask(["sudo", "-n", "true"]).returncode:
            raise ToolError(
                f"{self.address}: root is needed to load a bitstream, and sudo asks for a password; use root@..., or "
                f"allow this user sudo without one (NOPASSWD)"
            )
        return ["sudo", "-n", *words]

    def deploy(self, folder: Path, name: str) -> str:
        """Copy a folder to the board, whole or not at all; returns where it lies there.

        Raises:
            BuildError: the name is no plain one; it becomes part of commands that remove files there.
            ToolError: the board cannot be reached, or its disk is full.
        """
        must_be_plain(name)
        there, part = f"{_HOME}/{name}", f"{_HOME}/{name}.part"
        self.run(["mkdir", "-p", _HOME])
        self.run(["rm", "-rf", "--", part])
        self._copy(str(folder), f"{self.address}:{part}")
        self.run(["rm", "-rf", "--", there])
        self.run(["mv", "--", part, there])
        return there

    def fetch(self, there: str, here: Path) -> None:
        """Copy a file or folder from the board.

        Raises:
            ToolError: it is not there, or the board cannot be reached.
        """
        here.parent.mkdir(parents=True, exist_ok=True)
        self._copy(f"{self.address}:{there}", str(here))

    def _copy(self, source: str, target: str) -> None:
        self._call(["scp", "-r", *_options(), "--", source, target], _COPY_SECONDS)

    def _call(self, command: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"{self.address}: {command[0]} is not done after {seconds:g} s; is it busy?") from None
        # A program of the board may say the like with a status of its own; that is not for us to explain.
        if done.returncode == _SSH_FAILED or (done.returncode and command[0] == "scp"):
            raise ToolError(f"{self.address}: {_mend(done.stderr, self.address) or _last(done.stderr)}")
        return done


def _options() -> list[str]:
    return [word for option in _OPTIONS for word in ("-o", option)]


def _mend(said: str, address: str) -> str:
    for sign, mend in _FAULTS:
        if sign in said:
            return mend.format(address=address, host=address.partition("@")[2])
    return ""


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
