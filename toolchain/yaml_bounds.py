"""Reads YAML text within bounds: a hostile or broken file costs no time or memory, and its text is safe to print."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import yaml

MAX_BYTES = 64 << 10
MAX_DEPTH = 16
MAX_VALUES = 10_000
MAX_NUMBER = 40

_PLAIN = {"tag:yaml.org,2002:" + kind for kind in ("null", "bool", "int", "float", "str", "map", "seq", "merge")}


# libyaml's parser, where PyYAML was built with it, takes a tenth of the time: every stage of a build starts with this.
_Safe: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BoundsError(yaml.YAMLError):
    """Text beyond a bound; the message names the line and the bound."""


def parse_bounded(text: str) -> Any:
    """The value of a YAML text.

    Raises:
        yaml.YAMLError: the text is not YAML, or breaks a bound: `MAX_DEPTH`, `MAX_VALUES` (aliases count as what they
            stand for), `MAX_NUMBER` digits, one line of printable text for each string, keys that occur once.
    """
    _measure(text)
    return yaml.load(text, Loader=_Loader)


def _measure(text: str) -> None:
    """Walk the events, which takes no stack; only then is it safe to build anything."""
    open_: list[tuple[str | None, int]] = []
    sizes: dict[str, int] = {}
    values = 0
    for event in yaml.parse(text, Loader=_Safe):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            _check(len(open_) < MAX_DEPTH, event, f"nested more than {MAX_DEPTH} deep")
            open_.append((event.anchor, values))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchor, before = open_.pop()
            if anchor:
                sizes[anchor] = values - before
        elif isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            _check(anchor in sizes, event, f"alias '{anchor}' stands for nothing complete")
            values += sizes[anchor]
        elif isinstance(event, yaml.ScalarEvent) and event.anchor:
            sizes[event.anchor] = 1
        _check(getattr(event, "tag", None) is None, event, "tags (!...) are not allowed")
        values += isinstance(event, yaml.NodeEvent)
        _check(values <= MAX_VALUES, event, f"more than {MAX_VALUES:,} values")


def _check(good: bool, where: yaml.Event | yaml.Node, message: str) -> None:
    if not good:
        raise BoundsError(f"line {_line(where)}: {message}")


def _line(where: yaml.Event | yaml.Node) -> int:
    return where.start_mark.line + 1 if where.start_mark else 1


class _Loader(_Safe):  # type: ignore[misc, valid-type]
    """Plain values only: no dates, no sets, no tags."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _PLAIN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    bad = next((c for c in node.value if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}), None)
    _check(bad is None, node, f"the text {node.value[:30]!a} should be one line without control characters")
    return str(node.value)


def _number(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    _check(len(node.value) <= MAX_NUMBER, node, f"a number of more than {MAX_NUMBER} characters")
    whole = node.tag.endswith(":int")
    try:
        value: int | float = (loader.construct_yaml_int if whole else loader.construct_yaml_float)(node)
    except ValueError:
        raise BoundsError(f"line {_line(node)}: {node.value!r} is not a number") from None
    _check(whole or math.isfinite(value), node, f"{node.value!r} should be finite")
    return value


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    own = [key for key, _ in node.value if not key.tag.endswith(":merge")]
    names = set()
    for key in own:
        name = loader.construct_object(key, deep=True)
        _check(type(name) in {str, int}, key, "a key should be a word or a whole number")
        _check(name not in names, key, f"the key {str(name)[:40]!r} occurs twice")
        names.add(name)
    loader.flatten_mapping(node)
    found = {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}
    _check(len({type(name) for name in found}) < 2, node, "keys should be all words or all whole numbers")
    return found


_Loader.add_constructor("tag:yaml.org,2002:str", _text)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
