"""Drawing by hand: a few SVG elements, and text that is wrapped to a width."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from pivotal.report.document import Drawing

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, FAINT, LINE, ACCENT = "#1a2230", "#566070", "#8a93a1", "#c9d0d9", "#1f4e79"
MARK = "SIMULATED"
MARK_INK = "#9a3412"

_THIN, _NARROW, _BROAD = frozenset("iljI.,:;'|! "), frozenset("tfr()[]/-"), frozenset("mwMWOQ%@…")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text runs in a wide typeface (DejaVu Sans), so that it fits in any other."""
    return sum(_em(c) for c in text) * size * (1.12 if bold else 1.0)


def _em(c: str) -> float:
    if c in _THIN:
        return 0.33
    if c in _NARROW:
        return 0.42
    return 0.93 if c in _BROAD else 0.7 if c.isupper() else 0.62


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Lines of a text that fit a width; a word that is too long stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """A text cut short with an ellipsis where it does not fit a width."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip(" ·,") + "…"


def element(tag: str, content: str | Markup = "", **attributes: str | float | None) -> Markup:
    """An SVG element; underscores in names stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in attributes.items() if value is not None}
    parts = [f'{name}="{escape(_number(value))}"' for name, value in given.items()]
    inner = escape(content)
    return Markup(f"<{' '.join([tag, *parts])}>{inner}</{tag}>" if inner else f"<{' '.join([tag, *parts])}/>")


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 13,
    anchor: str = "start",
    fill: str = INK,
    weight: str | None = None,
    style: str | None = None,
) -> Markup:
    """A line of text with its baseline at y."""
    return element(
        "text", content, x=x, y=y, font_size=size, text_anchor=anchor, fill=fill, font_weight=weight, font_style=style
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = "#ffffff",
    stroke: str = LINE,
    radius: float = 5,
    thick: float = 1.2,
) -> Markup:
    """A rectangle with round corners."""
    return element(
        "rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke, stroke_width=thick
    )


def path(d: str, *, stroke: str = FAINT, thick: float = 1.4, head: str | None = None) -> Markup:
    """A line along a path; `head` is the id of an arrow head."""
    marker = f"url(#{head})" if head else None
    return element("path", d=d, fill="none", stroke=stroke, stroke_width=thick, marker_end=marker)


def arrow_head(name: str, colour: str = FAINT) -> Markup:
    """The definition of an arrow head."""
    tip = element("path", d="M0,0 L8,4 L0,8 z", fill=colour)
    marker = element(
        "marker", tip, id=name, viewBox="0 0 8 8", refX=7.5, refY=4, markerWidth=8, markerHeight=8, orient="auto",
        markerUnits="userSpaceOnUse",
    )  # fmt: skip
    return element("defs", marker)


def drawing(width: float, height: float, parts: Sequence[Markup], *, label: str, mark: bool) -> Drawing:
    """A whole drawing with its description for those who cannot see it; `mark` writes SIMULATED into its corner."""
    if mark:
        height += 16
        sign = text(width - 2, height - 4, MARK, size=10.5, anchor="end", fill=MARK_INK, weight="700")
        parts = [*parts, sign]
    whole = element(
        "svg", Markup("").join(parts), viewBox=f"0 0 {_number(width)} {_number(height)}", role="img",
        aria_label=label, font_family=FONTS, xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip
    return Drawing(whole, round(width))
