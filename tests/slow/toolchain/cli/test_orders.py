"""Snakemake started as a build starts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from toolchain.cli.orders import Order, environment
from toolchain.layout import Layout, Request
from toolchain.results.request import write_request


def test_builds_of_a_network_called_default_are_no_profile(tmp_path: Path) -> None:
    order = Order(Layout(Request("ulx3s", "cqmlp"), tmp_path), "nothing", 1)
    (tmp_path / "default").mkdir()
    write_request(tmp_path / "request.json", order.layout.request)
    command = order.command(tmp_path / "request.json")
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert "profile directory" not in done.stdout + done.stderr
