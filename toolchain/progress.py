"""What long work tells of itself."""

from __future__ import annotations

from typing import Callable  # noqa: UP035 (Python 3.8)

Progress = Callable[[str], None]
"""Takes a short phrase that says what is being done now."""
