"""The table of stages in the words of flows/README.md: `python -m flows.stage_table` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from toolchain.results import facts
from toolchain.stages import Proof, parts


def markdown() -> str:
    """The table as flows/README.md shows it."""
    head = ["| part | stage | what it does | waits for | must prove | facts |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    for part, rows in parts().items():
        for name, row in rows.items():
            asked = "" if row.when == "build" else f" (on `{row.when}`)"
            asked += f" ({', '.join(row.flows)})" if row.flows else ""
            needs = row.needs if isinstance(row.needs, str) else ", ".join(row.needs)
            proves = "; ".join(_told(check, proof) for check, proof in row.proves.items())
            yield f"| {part} | `{name}`{asked} | {row.says} | {needs} | {proves} | {_facts(row.facts)} |"


def _facts(model: str) -> str:
    """The names of what a stage's facts hold."""
    fields = getattr(facts, model).model_fields if model else {}
    return ", ".join(f"`{name}`" for name in fields if name != "form")


def _told(check: str, proof: Proof) -> str:
    where = f" ({', '.join(proof.flows)})" if proof.flows else ""
    units = f" (of large cores {proof.sampled})" if proof.sampled is not None else ""
    return f"{proof.means.format('...')}: {proof.vectors}{units}{where}"


if __name__ == "__main__":
    print(markdown(), end="")
