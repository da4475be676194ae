"""Mutated board.yaml and recipes, and what is derived from them: constraint files, listings, digests."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from flows.causes import yaml_digest
from tests.conftest import REPOSITORY
from toolchain.board import AnyBoard, OpenBoard
from toolchain.catalog import load_board, load_model, load_recipe
from toolchain.cli.listing import board_table
from toolchain.fpga import backend_for

NAME = "YAML files"

_BOARDS = sorted(path.parent.name for path in REPOSITORY.glob("boards/*/board.yaml"))
_ODD = (
    *(
        "null",
        "yes",
        "-1",
        "0",
        "1e400",
        "1.0e+400",
        ".nan",
        "-.inf",
        "9" * 5000,
        "0x" + "f" * 3000,
        "0b_",
        "1:2:3",
        "0.5",
    ),
    *(
        '""',
        '"\\n LOCATE COMP \\"x\\""',
        '"a;b"',
        '"\\x1b[2J"',
        '"\\ud800"',
        '"[/red]"',
        "'[bold]'",
        "../../x",
        "\N{PILE OF POO}",
    ),
    *(
        "[]",
        "{}",
        "[1, 2]",
        "{a: 1}",
        "*none",
        "&a [*a]",
        "!!python/name:os.system",
        "!!timestamp x",
        "2026-13-45",
        "? x",
        "<<",
    ),
    *("a" * 70_000, "[" * 3000, "{a: " * 3000),
)


def once(rng: np.random.Generator, folder: Path) -> None:
    """One mutated file, read as the commands read it."""
    if rng.random() < 0.6:
        name = str(rng.choice(_BOARDS))
        _write(rng, f"boards/{name}/board.yaml", folder)
        _derive(load_board(name, folder), folder)
    else:
        (folder / "models/cqmlp").mkdir(parents=True)
        (folder / "models/cqmlp/model.py").touch()
        path = _write(rng, "models/cqmlp/recipes/default.yaml", folder)
        assert load_recipe(load_model("cqmlp", folder), "default").model_dump_json()
        yaml_digest(path, ("title", "data", "network", "training"))


def _derive(board: AnyBoard, folder: Path) -> None:
    yaml_digest(folder / "boards" / board.name / "board.yaml", ())
    Console(file=io.StringIO()).print(board_table([board]))
    if isinstance(board, OpenBoard):
        _, text = backend_for(board.fpga).constraints(board)
        whole = (REPOSITORY / "boards" / board.name / "board.yaml").read_text()
        assert len(text.splitlines()) <= 2 + 2 * (whole.count("pin:")), text


def _write(rng: np.random.Generator, name: str, folder: Path) -> Path:
    text = (REPOSITORY / name).read_text()
    mutate = _MUTATIONS[rng.integers(len(_MUTATIONS))]
    for _ in range(int(rng.integers(1, 4))):
        text = mutate(rng, text)
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(_flip(rng, text.encode("utf-8", "surrogatepass")) if rng.random() < 0.2 else text.encode())
    return path


def _value(rng: np.random.Generator, text: str) -> str:
    """Another value behind a key."""
    lines = text.splitlines()
    places = [i for i, line in enumerate(lines) if ":" in line and not line.lstrip().startswith("#")]
    if not places:
        return text
    at = int(rng.choice(places))
    lines[at] = f"{lines[at].partition(':')[0]}: {_ODD[rng.integers(len(_ODD))]}"
    return "\n".join(lines) + "\n"


def _word(rng: np.random.Generator, text: str) -> str:
    """Another word anywhere, flow mappings too."""
    words = text.split(" ")
    words[rng.integers(len(words))] = _ODD[rng.integers(len(_ODD))]
    return " ".join(words)


def _lines(rng: np.random.Generator, text: str) -> str:
    """Lines lost, doubled, or moved in."""
    lines = text.splitlines()
    at = int(rng.integers(len(lines)))
    other = str(rng.choice(lines))
    lines[at : at + 1] = [[], [lines[at]] * 2, [" " * int(rng.integers(5)) + lines[at]], [other, lines[at]]][
        rng.integers(4)
    ]
    return "\n".join(lines or [""]) + "\n"


def _aliases(rng: np.random.Generator, text: str) -> str:
    """Nested aliases: small as text, huge as a value."""
    names = "abcdefghij"[: rng.integers(2, 11)]
    bombs = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in itertools.pairwise(names)]
    return "\n".join(["a: &a [x, x, x]", *bombs, text])


_MUTATIONS: tuple[Callable[[np.random.Generator, str], str], ...] = (_value, _word, _lines, _aliases)


def _flip(rng: np.random.Generator, content: bytes) -> bytes:
    raw = np.frombuffer(content, np.uint8).copy()
    raw[rng.integers(len(raw), size=3)] ^= rng.integers(1, 256, 3, dtype=np.uint8)
    return raw.tobytes()
