"""What a stage found out, for later stages, the manifest and `show`; one model a stage."""

from __future__ import annotations

from typing import Any, Self

from toolchain.results.model import Record


class Facts(Record):
    """Facts of a stage. They depend on its inputs only: no times (but those of `time`), and no paths."""

    form: str
    """Which model it is, by which a stage's record is read back."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the manifest, which does not say the form."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"form"})

    def formless(self) -> Self:
        """The same as part of a manifest, which does not say the form."""
        return type(self).model_validate(self.to_json())
