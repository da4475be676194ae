"""What was typed wrongly, in one line: the option, its value, and where its help is."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from toolchain.errors import UsageError


def must_name_something(words: Sequence[str]) -> None:
    """Refuse an option whose value is empty, as ``--data "$CAPTURES"`` has it where the variable is not set.

    Args:
        words: of the command line, the program left out; what follows ``--`` is not for us.

    Raises:
        UsageError: there is one.
    """
    own = words[: words.index("--")] if "--" in words else words
    empty = [word for word, value in pairwise(own) if word.startswith("-") and value == "" and "=" not in word]
    empty += [word.removesuffix("=") for word in own if word.startswith("--") and word.endswith("=")]
    if empty:
        raise UsageError(f"{empty[0]}: is empty; give it a value, or leave it out")


def for_snakemake(args: Sequence[str], words: Sequence[str]) -> Sequence[str]:
    """What a command passes on: all that follows ``--``.

    Args:
        args: what no option of the command took.
        words: of the whole command line.

    Raises:
        UsageError: something stands there without ``--``, such as a board's name without ``--board``.
    """
    if args and "--" not in words:
        raise UsageError(f"unexpected '{args[0]}'; a board is named with --board, and words for Snakemake follow --")
    return args


def explained(error: Any) -> str:
    """One line for an error of Typer's, which its own classes draw a box around.

    Args:
        error: its `UsageError`, or another error that has a message.
    """
    where = error.ctx.command_path if getattr(error, "ctx", None) else "gateweave"
    return f"{_problem(error)}; see `{where} --help`"


def _problem(error: Any) -> str:
    if getattr(error, "param", None) is not None:
        should, _, _ = error.message.removeprefix("Input ").rstrip(".").partition(", unable to parse")
        # What is missing has no message of its own.
        return f"{_names(error.param)}: {_value(error)}{should or 'is needed'}"
    if getattr(error, "option_name", None) and hasattr(error, "possibilities"):
        near = get_close_matches(error.option_name, error.possibilities or (), 1)
        return f"unknown option {error.option_name}" + "".join(f"; did you mean {name}?" for name in near)
    message = str(error.message).rstrip(".?").replace(". Did", "; did")
    return message[:1].lower() + message[1:]


def _names(param: Any) -> str:
    """As people know it: the variable of make, and the option."""
    option = str(max(param.opts, key=len))
    if not option.startswith("-"):
        return option.upper()
    return f"{param.envvar} ({option})" if param.envvar else option


def _value(error: Any) -> str:
    """What was given, where the check's own error has it."""
    details = getattr(error.__cause__, "errors", None)
    return f"'{details()[0]['input']}': " if details else ""
