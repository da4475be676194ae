"""The build that pages are of is the one of the fast tests."""

from tests.fast.toolchain.report.page.conftest import layout as layout
