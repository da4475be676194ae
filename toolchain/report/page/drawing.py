"""Matplotlib drawings as inline SVG whose colours are the page's CSS variables, so that they follow light and dark.

Each drawing is made twice, wide and narrow: text keeps its size on a phone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Stand-ins that Matplotlib writes into the SVG; each becomes the CSS variable of its name.
INK, MUTED, GRID, PAPER = "#00a001", "#00a002", "#00a003", "#00a004"
ACCENT, SECOND, THIRD = "#00a005", "#00a006", "#00a007"
_VARIABLES = {
    INK: "ink", MUTED: "muted", GRID: "line", PAPER: "paper", ACCENT: "accent", SECOND: "second", THIRD: "third",
}  # fmt: skip
_WIDTHS = {"wide": 7.4, "narrow": 3.7}
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gateweave",
    "text.parse_math": False,
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.constrained_layout.use": True,
    "path.simplify": True,
}


def draw(name: str, title: str, height: float, plot: Callable[[Axes], None]) -> Markup:
    """One drawing, wide and narrow; the style sheet shows one of them.

    Args:
        name: unique in the page; made of letters, digits and hyphens.
        title: read out in place of the picture.
        height: in inches; a wide drawing is 7.4 inches wide.
        plot: draws on empty axes.
    """
    pictures = [_svg(f"{name}-{size}", size, title, (width, height), plot) for size, width in _WIDTHS.items()]
    return Markup("\n").join(pictures)


def _svg(name: str, size: str, title: str, inches: tuple[float, float], plot: Callable[[Axes], None]) -> Markup:
    buffer = io.StringIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=inches)
        plot(figure.add_subplot())
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), name, size, title)


def _inline(svg: str, name: str, size: str, title: str) -> Markup:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>", r"<svg \1>", body, count=1)
    body = body.replace("xlink:href", "href")
    body = _own_ids(body, name)
    for stand_in, variable in _VARIABLES.items():
        body = body.replace(stand_in, f"var(--{variable})")
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r"\n\s*", "\n", body)
    label = str(Markup.escape(title))
    return Markup(body.replace("<svg ", f'<svg class="plot {size}" role="img" aria-label="{label}" ', 1))


def _own_ids(svg: str, name: str) -> str:
    """Keep the identifiers that something refers to, and make them the drawing's own."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    return re.sub(r"(url\(#|href=\"#)([^)\"]+)", rf"\g<1>{name}-\2", svg)
