"""Builds that never ran, of the fast tests of pages and of runs."""

from tests.fast.toolchain.cli.test_run import build as build
from tests.fast.toolchain.report.page.conftest import layout as layout
