"""What long work tells of itself."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes a short phrase that says what is being done now."""
