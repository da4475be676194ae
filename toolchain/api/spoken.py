"""Errors in the words of a program: where a message names a command, the call that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from toolchain.console import rewritten, typeable
from toolchain.errors import GateweaveError

P = ParamSpec("P")
T = TypeVar("T")

_CALLS = {
    "build": "gw.build({})",
    "run": "build.run({})",
    "show": "build.show()",
    "explain": "build.explain()",
    "report": "build.report",
}
_NUMBERS = {"FPS", "CLOCK", "VECTORS", "COUNT"}


def spoken(function: Callable[P, T]) -> Callable[P, T]:
    """The function, whose errors name calls in the place of commands."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except GateweaveError as error:
            error.args = (in_python(str(error)), *error.args[1:])
            raise

    return inner


def in_python(text: str) -> str:
    """Words with calls in the place of the commands that have one."""
    return typeable(rewritten(text, _call))


def _call(command: str, variables: str) -> str:
    if command not in _CALLS:
        return f"make {command} {variables}".strip()
    given = [word.partition("=") for word in shlex.split(variables)]
    arguments = ", ".join(_argument(name, value) for name, _, value in given)
    return _CALLS[command].format(arguments or ("..." if command == "build" else ""))


def _argument(name: str, value: str) -> str:
    if name == "NETWORK":
        return repr(value)
    if name == "VIRTUAL":
        return "virtual=True"
    return f"{name.lower()}={value if name in _NUMBERS and value != 'max' else repr(value)}"
