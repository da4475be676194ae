"""A page shows the explanation of its own package, and else how to get one."""

from __future__ import annotations

from tests.fast.toolchain.report.test_explanation import explanation
from toolchain.files import sha256
from toolchain.layout import Layout
from toolchain.report.page import build_page
from toolchain.report.page.explained import explained
from toolchain.report.page.gather import gather
from toolchain.results.explained import EXPLANATION, ExplainedPackage
from toolchain.results.model import write_file


def _keep(layout: Layout, digest: str) -> None:
    made = explanation(package=ExplainedPackage(manifest_sha256=digest, git=None))
    write_file(layout.variant_dir / EXPLANATION, made)


def test_without_one_the_command_is_named(layout: Layout) -> None:
    assert explained(gather(layout)).bound == ""
    assert "<code>make explain BOARD=ulx3s MODEL=cqmlp" in build_page(layout)


def test_that_of_this_package_is_shown(layout: Layout) -> None:
    _keep(layout, sha256(layout.stage("package") / "manifest.json"))
    page = build_page(layout)
    assert "Its rate is bound by what was asked for" in page
    assert '<tr class="own"><th scope="row">as built</th><td class="n">24</td>' in page
    assert "the clock of another folding" in page


def test_that_of_an_older_package_is_none(layout: Layout) -> None:
    _keep(layout, "11" * 32)
    assert "not explained" in build_page(layout)
