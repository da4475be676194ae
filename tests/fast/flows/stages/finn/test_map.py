"""What FINN does not take of a file is said with the file's name and the flow that may take it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.stages import files
from flows.stages.finn import map as stage
from toolchain.errors import ModelError
from toolchain.finn.faults import OTHER_FLOW


@pytest.mark.parametrize("said", ["Gemm_2: has a bias", f"Gemm_2: has a bias; {OTHER_FLOW}"])
def test_a_refusal_names_the_file_and_the_other_flow_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def refuse(*_: object) -> None:
        raise ModelError(said)

    monkeypatch.setattr(stage, "map_network", refuse)
    monkeypatch.setattr(stage, "map_target", lambda context: None)
    monkeypatch.setattr(files, "graph", lambda context: None)
    request = SimpleNamespace(file="/x/net.onnx")
    context = SimpleNamespace(request=request, out=tmp_path, work=tmp_path, progress=None)
    with pytest.raises(ModelError, match=r"Gemm_2: has a bias; ") as caught:
        stage._mapped(context)  # type: ignore[arg-type]
    assert str(caught.value) == f"/x/net.onnx: Gemm_2: has a bias; {OTHER_FLOW}"
