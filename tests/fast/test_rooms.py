"""The fast tests load no PyTorch, and CONTRIBUTING.md says how long one of them may take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.processor_time import MOST_SECONDS

_CODE = ("toolchain", "flows", "hls", "models", "gateweave", "tests")
# ONNX Runtime's quantiser loads it, too.
_PYTORCH = ("torch", "brevitas", "onnxruntime.quantization")
# What a module imports when it is loaded itself is not indented.
_LOADED = re.compile(r"^import ([\w.]+)|^from ([\w.]+) import (\([^)]*\)|.*)", re.MULTILINE)


def _modules(root: Path) -> dict[str, Path]:
    """Files of the tree by the name that they are imported by."""
    files = [path for room in _CODE for path in (root / room).rglob("*.py")]
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in files]
    return {name.removesuffix(".__init__"): path for name, path in zip(names, files, strict=True)}


def _loads(path: Path) -> Iterator[str]:
    """What a file imports when it is loaded; a name behind `import` may be a module, too."""
    for plain, base, names in _LOADED.findall(path.read_text()):
        yield plain or base
        yield from (f"{base}.{name}" for name in re.findall(r"\w+", names) if base)


def _ways_to_pytorch(starts: Iterable[str], modules: Mapping[str, Path]) -> list[list[str]]:
    """From one of these to each module that loads PyTorch for them: modules, each loaded by the one before it."""
    ways = [[start] for start in starts]
    seen, found = set(starts), []
    for way in ways:
        loaded = set(_loads(modules[way[-1]]))
        if any(f"{name}.".startswith(f"{one}.") for name in loaded for one in _PYTORCH):
            found.append(way)
        new = {name for name in loaded - seen if name in modules}
        seen |= new
        ways += [[*way, name] for name in sorted(new)]
    return found


def test_fast_tests_load_no_pytorch() -> None:
    modules = _modules(REPOSITORY)
    fast = [name for name in modules if re.match(r"tests\.fast\.(.*\.)?(test_\w+|conftest)$", name)]
    assert len(fast) > 200
    assert _ways_to_pytorch(fast, modules) == []


def test_a_way_to_pytorch_is_found(tmp_path: Path) -> None:
    lines = {
        "tests/a.py": "from toolchain import b\n",
        "toolchain/b.py": "import toolchain.c\n",
        "toolchain/c.py": "def f():\n    import torch\n",
    }
    for name, line in lines.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(line)
    assert _ways_to_pytorch(["tests.a"], _modules(tmp_path)) == []
    (tmp_path / "toolchain/c.py").write_text("from torch import (\n    nn,\n)\n")
    assert _ways_to_pytorch(["tests.a"], _modules(tmp_path)) == [["tests.a", "toolchain.b", "toolchain.c"]]


def test_contributing_says_the_bound() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert f"at most {MOST_SECONDS:g} s of processor time" in text
