"""What the page of a board says of its target is what its board.yaml has."""

from __future__ import annotations

import pytest
import yaml

from tests.fast.boards.folders import BOARDS, boards_of


@pytest.mark.parametrize(
    "name", sorted({path.parent.name for path in BOARDS.glob("*/board.yaml")} - {*boards_of("ort"), *boards_of("mcu")})
)
def test_the_page_of_a_board_tells_its_target(name: str) -> None:
    target = yaml.safe_load((BOARDS / name / "board.yaml").read_text())["target"]
    said = f"| Target | {target['fps']:,} inferences/s, at most {target['share']:.0%} of the device".replace("%", " %")
    if "bram_share" in target:
        said += f", of its block RAMs {100 * target['bram_share']:.0f} %"
    assert f"{said} |" in (BOARDS / name / "README.md").read_text()
