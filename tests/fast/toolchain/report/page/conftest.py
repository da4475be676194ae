from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import records
from tests.fast.toolchain.package.test_manifest import _origin
from toolchain.device.checksums import write_manifest
from toolchain.layout import Layout, Request
from toolchain.package.manifest import build_manifest
from toolchain.results.record import token_of, write_record
from toolchain.results.request import write_request


def fabricate(root: Path, request: Request) -> Layout:
    """A build of which only the records, the manifest and the request exist."""
    layout = Layout(request, root)
    known = {name: record for name, record in records().items() if name in request.stages}
    for name, record in known.items():
        write_record(layout.record(name), record)
        layout.token(name).write_text(token_of(record))
    manifest = build_manifest(_origin(root), records()).to_json() | {"roles": {}, "board": request.board}
    layout.stage("package").mkdir(parents=True)
    write_manifest(layout.stage("package"), manifest)
    write_request(layout.request_file, request)
    return layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return fabricate(tmp_path, Request("ulx3s", "cqmlp"))
