"""Gateweave as one package: `gateweave.toolchain`, `gateweave.flows`, `gateweave.hls` and `gateweave.models`.

In the repository these rooms lie beside this folder, in an installed copy inside it. Their own code says `toolchain` in
both, and so do the copies of it that go onto boards, which know no `gateweave`. So a room keeps one true name, such as
`toolchain`. Only this package finds it; nothing of that name lies at the top of an environment. `gateweave.toolchain`
is another name of the very same module, and no module is ever loaded twice.

For programs and notebooks there are `gateweave.load`, `gateweave.build` and what they return: see docs/python.md. They
are loaded when they are first asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolchain.api import Build, GateweaveError, Network, Rate, Tensor, build, built, load, quantise

__all__ = ["Build", "GateweaveError", "Network", "Rate", "Tensor", "build", "built", "load", "quantise"]

ROOMS = ("toolchain", "flows", "hls", "models")

_HERE = Path(__file__).resolve().parent
_HOME = _HERE if (_HERE / "toolchain").is_dir() else _HERE.parent


class _Rooms(MetaPathFinder):
    """Finds the rooms by their true names, and by those that begin with `gateweave`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a room, or of another name of something in it; None for all else."""
        if fullname in ROOMS:
            return _room(fullname)
        first, _, true_name = fullname.partition(".")
        if first != __name__ or true_name.split(".")[0] not in ROOMS:
            return None
        found = find_spec(true_name)
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(fullname, _Alias(found), origin=found.origin, is_package=is_package)


class _Alias(Loader):
    """Hands out a module that has a name already under another one."""

    def __init__(self, true: ModuleSpec) -> None:
        self._true = true

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None: an empty module holds the place until the true one is there."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the true module in the place of the empty one, as the import system allows."""
        sys.modules[module.__name__] = import_module(self._true.name)

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the true module, for `python -m gateweave.flows`."""
        loader: Any = self._true.loader
        code: CodeType | None = loader.get_code(self._true.name)
        return code


def _room(name: str) -> ModuleSpec | None:
    if (_HOME / name / "__init__.py").is_file():
        return PathFinder.find_spec(name, [str(_HOME)])
    # A list of its own: what `sys.path` holds under this name, now or later, has no part in it.
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(_HOME / name)]
    return spec


def _must_be_ours(name: str) -> None:
    """Refuse to mix with something else of this name.

    Raises:
        ImportError: another package of a room's name has been imported before.
    """
    loaded = sys.modules.get(name)
    if loaded is not None and str(_HOME / name) not in map(str, getattr(loaded, "__path__", ())):
        place = getattr(loaded, "__file__", None) or "another place"
        raise ImportError(f"gateweave needs the name '{name}', which is taken by {place}; import gateweave before it")


for _name in ROOMS:
    _must_be_ours(_name)
sys.meta_path.insert(0, _Rooms())


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'gateweave' has no attribute {name!r}")
    return getattr(import_module("toolchain.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
