"""Starts the two runners, in Python and in C, which take the same words, and reads what they say."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from toolchain.errors import ToolError

from .runs import Run

# OpenBLAS in some wheels of NumPy mistakes a Jetson's processor and dies by an illegal instruction (numpy #18131).
_SETTINGS = {"OPENBLAS_CORETYPE": "ARMV8"}


class Runners(NamedTuple):
    """The programs that run a graph here.

    Attributes:
        package: the package's folder.
        python: words that start Python, such as ["python3"]; an emulator may stand before.
        site: folder of the installed wheels, or None where the system's packages are used.
        c: words that start the C runner, without options; None where it cannot run.
        library: what it loads.
    """

    package: Path
    python: List[str]
    site: Optional[Path]
    c: Optional[List[str]]
    library: Optional[Path]

    @property
    def names(self) -> List[str]:
        """Those that can run."""
        return ["python", "c"] if self.c else ["python"]


class Job(NamedTuple):
    """What one run is to do.

    Attributes:
        inputs, answers: files of raw rows, read and written.
        calls: batch-1 calls to time; 0 times nothing.
        core: the core to pin to; None leaves that to the scheduler.
        emulated: whether an emulator runs it, whose times mean nothing.
    """

    inputs: Path
    answers: Path
    result: Path
    calls: int
    core: Optional[int]
    emulated: bool = False


def probe(runners: Runners, *words: str) -> Dict[str, Any]:
    """What the Python says of itself, and with the word `runtime` what it imports.

    Raises:
        ToolError: it is no Python, or cannot import NumPy or ONNX Runtime.
    """
    done = _start([*runners.python, str(Path(__file__).with_name("probe.py")), *words], environment(runners), None)
    if done.returncode and words:
        raise ToolError(_why_not_imported(done.returncode, _last_line(done.stderr)))
    try:
        found: Dict[str, Any] = json.loads(_last_line(done.stdout))
    except ValueError:
        raise ToolError(f"{' '.join(runners.python)}: is no Python that starts; name another by --python") from None
    return found


def starts(words: List[str]) -> bool:
    """Whether the C runner can be started here at all: it may be built for a newer system."""
    try:
        return _start([*words, "--help"], os.environ, None).returncode == 0
    except ToolError:
        return False


def execute(runners: Runners, name: str, device: Mapping[str, Any], run: Run, job: Job) -> Dict[str, Any]:
    """Let one runner do a job; returns its result.

    Raises:
        ToolError: it failed.
    """
    done = _start([*_program(runners, name), *_words(runners, device, run, job)], environment(runners), run.folder)
    if done.returncode:
        raise ToolError(_last_line(done.stderr) or f"the {name} runner ended by {_signal(done.returncode)}")
    result: Dict[str, Any] = json.loads(job.result.read_text(encoding="utf-8"))
    return result


def environment(runners: Runners) -> Dict[str, str]:
    """Environment of both runners: the installed wheels only, or the system's packages."""
    own = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    # What Python cached in the package would be more than was packed.
    own["PYTHONDONTWRITEBYTECODE"] = "1"
    if os.uname()[4] == "aarch64":
        own.update(_SETTINGS)
    if runners.site:
        own["PYTHONPATH"] = str(runners.site)
    return own


def _program(runners: Runners, name: str) -> List[str]:
    if name == "python":
        return [*runners.python, str(runners.package / "runner" / "runner.py")]
    return [*(runners.c or []), "--library", str(runners.library)]


def _words(runners: Runners, device: Mapping[str, Any], run: Run, job: Job) -> List[str]:
    graph = device["graphs"][run.graph]
    words = ["--model", str(runners.package / graph["file"]), "--json", str(job.result)]
    words += ["--inputs", str(job.inputs), "--answers", str(job.answers), *ASKING]
    words += session_words(graph["options"])
    words += [] if job.core is None else ["--core", str(job.core)]
    words += _pairs("--provider", run.providers)
    for provider, options in sorted(run.options.items()):
        words += _pairs("--provider-option", [f"{provider}:{key}={value}" for key, value in sorted(options.items())])
    return words + _timing_words(runners, graph, job)


ASKING = ("--memory", "0")
"""Words with which a runner asks the network for every answer, whatever the recipe has it keep."""


def session_words(options: Mapping[str, Any]) -> List[str]:
    """Session options, as device.json has them, in the words that both runners take."""
    words = ["--level", options["level"], *_pairs("--disable", options["disabled"])]
    return words + _pairs("--config", options.get("entries", ()))


def _timing_words(runners: Runners, graph: Mapping[str, Any], job: Job) -> List[str]:
    if job.emulated:
        return ["--emulated"]
    if not job.calls:
        return []
    floor = ["--floor", str(runners.package / graph["floor"])] if graph["floor"] else []
    return ["--calls", str(job.calls), *floor]


def _pairs(word: str, values: Sequence[str]) -> List[str]:
    return [part for value in values for part in (word, value)]


def _start(words: List[str], env: Mapping[str, str], folder: Optional[Path]) -> "subprocess.CompletedProcess[bytes]":
    try:
        # `capture_output` came with Python 3.7.
        return subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=dict(env),
            cwd=str(folder) if folder else None,
        )
    except OSError as error:
        raise ToolError(f"{words[0]}: cannot be started: {error.strerror}") from error


def _why_not_imported(code: int, line: str) -> str:
    if code < 0:
        return f"NumPy or ONNX Runtime ended Python by {_signal(code)} on import; are they built for this processor?"
    return f"ONNX Runtime cannot be imported ({line}); install it as README.md says, or build the package with WHEELS=1"


def _signal(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1].strip() if lines else ""
    return last[len("error: ") :] if last.startswith("error: ") else last
