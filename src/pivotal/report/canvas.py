"""Statistical figures: Matplotlib to an SVG that can stand inside a page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from pivotal.report import svg
from pivotal.report.document import Drawing
from pivotal.report.format import slug

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = ("#1f6fb2", "#b8500f", "#14786a", "#7a3fa0", "#8a6d00", "#a3264f")
CONTROL_COLOUR = "#5b6472"
MARKERS = ("s", "^", "D", "v", "P", "X")
CONTROL_MARKER = "o"
GRID = "#e4e8ed"


def colour(index: int, control: int | None = None) -> str:
    """The colour of an arm: grey for control, the palette in order for the others."""
    if index == control:
        return CONTROL_COLOUR
    return PALETTE[_position(index, control) % len(PALETTE)]


def marker(index: int, control: int | None = None) -> str:
    """The marker of an arm, so that arms differ without colour as well."""
    return CONTROL_MARKER if index == control else MARKERS[_position(index, control) % len(MARKERS)]


def _position(index: int, control: int | None) -> int:
    return index - 1 if control is not None and control < index else index


def canvas(width: float, height: float) -> Figure:
    """A figure whose units are the page's pixels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")


def axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in pixels from the top left corner."""
    whole_width, whole_height = figure.get_size_inches() * 72
    place = (left / whole_width, 1 - (top + height) / whole_height, width / whole_width, height / whole_height)
    made = figure.add_axes(place)
    made.set_facecolor("none")
    for side in ("top", "right", "left"):
        made.spines[side].set_visible(False)
    made.spines["bottom"].set_color(svg.FAINT)
    made.tick_params(axis="both", length=0, pad=5, labelsize=12, labelcolor=svg.MUTED)
    made.tick_params(axis="x", length=4, color=svg.FAINT)
    made.set_axisbelow(True)
    return made


def say(
    figure: Figure,
    x: float,
    y: float,
    words: str,
    *,
    size: float = 12.5,
    ha: str = "left",
    colour: str = svg.INK,
    bold: bool = False,
    backed: bool = False,
) -> None:
    """Text at a place given in pixels from the top left corner, on its baseline; `backed` whitens what is behind."""
    width, height = figure.get_size_inches() * 72
    figure.text(
        x / width, 1 - y / height, words.replace("$", r"\$"), fontsize=size, ha=ha, va="baseline", color=colour,
        fontweight="bold" if bold else "normal",
        bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.5} if backed else None,
    )  # fmt: skip


def drawing(figure: Figure, name: str, *, label: str, mark: bool) -> Drawing:
    """The figure as an SVG; the same figure gives the same text, and its ids are its own."""
    from matplotlib import rc_context

    width, height = figure.get_size_inches() * 72
    if mark:
        say(figure, width - 2, height - 4, svg.MARK, size=10.5, ha="right", colour=svg.MARK_INK, bold=True)
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "DejaVu Sans"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return Drawing(_inline(buffer.getvalue(), slug(name), label), round(width))


def _inline(text: str, prefix: str, label: str) -> Markup:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'(xlink:)?href="#([^"]+)"', rf'href="#{prefix}-\2"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)
    text = re.sub(r"font-family: [^;\"]+; ?", "", text)
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    view = re.search(r'viewBox="([^"]+)"', text)
    head = (
        f'<svg viewBox="{view.group(1) if view else ""}" role="img" aria-label="{escape(label)}" '
        f'font-family="{svg.FONTS}" stroke-linejoin="round" xmlns="http://www.w3.org/2000/svg">'
    )
    return Markup(re.sub(r"^<svg[^>]*>", lambda _: head, text).strip())
