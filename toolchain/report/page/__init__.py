"""Pages that show what builds came to: self-contained HTML, one a build and one across all builds."""

from toolchain.report.page.render import OVERVIEW, build_page, overview_page, write_build_page, write_overview

__all__ = ["OVERVIEW", "build_page", "overview_page", "write_build_page", "write_overview"]
