"""The agent's records as JSON: `json.dumps(record, default=plain)`."""

from __future__ import annotations

from collections.abc import Mapping


def plain(record: object) -> Mapping[str, object]:
    """The keys of a dataclass and their values, or those that its own `to_json` gives.

    Raises:
        TypeError: it is no such record.
    """
    own = getattr(record, "to_json", None)
    return own() if own is not None else vars(record)
