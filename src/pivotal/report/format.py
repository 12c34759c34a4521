"""How numbers look: rounding for display, and nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from pivotal.report.rounding import printed
from pivotal.report.rows import Found

Formatter = Callable[[float], str]

DASH = "–"
MINUS = "−"
SMALLEST_P = 0.0001


def fixed(value: float, digits: int) -> str:
    """A number with a fixed count of decimals and a proper minus sign; thousands are separated, halves go up."""
    text = f"{Decimal(printed(value, digits)):,}" if math.isfinite(value) else f"{value}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def plain(value: float) -> str:
    """A number as short as it goes: 5, 0.025, 12,345."""
    if float(value).is_integer():
        return fixed(value, 0)
    return f"{value:.6g}".replace("-", MINUS)


def count(value: float) -> str:
    """A whole number."""
    return fixed(value, 0)


def percent(proportion: float, digits: int = 1) -> str:
    """A proportion in percent."""
    return f"{fixed(100 * proportion, digits)}%"


def short_percent(proportion: float) -> str:
    """A proportion in percent with no more decimals than it has: 5%, 2.5%."""
    return f"{plain(round(100 * proportion, 6))}%"


def p_value(p: float) -> str:
    """A p-value with four decimals, as registries print it."""
    if p < SMALLEST_P:
        return f"<{SMALLEST_P}"
    return f">{1 - SMALLEST_P}" if 1 - SMALLEST_P < p < 1 else fixed(p, 4)


def p_text(p: float) -> str:
    """A p-value inside a sentence: p = 0.0123, p < 0.0001."""
    shown = p_value(p)
    text = f"p {shown[0]} {shown[1:]}" if shown[0] in "<>" else f"p = {shown}"
    return text.replace(" ", "\u00a0")


def on_scale(scale: str) -> Formatter:
    """How an estimate on a scale is shown: ratios with two decimals, differences of risks in percentage points."""
    if scale.endswith("ratio"):
        return _ratio
    if scale == "risk difference":
        return lambda value: fixed(100 * value, 1)
    if scale == "slope":
        return lambda value: fixed(value, 4)
    return lambda value: fixed(value, 2)


def _ratio(value: float) -> str:
    if value >= 100:
        return fixed(value, 1 if value < 1000 else 0)
    return fixed(value, 2 if value == 0 or value >= 0.01 else 3)


def scale_label(scale: str) -> str:
    """A scale as a column says it."""
    return f"{scale}, percentage points" if scale == "risk difference" else scale


def limits(low: Found, high: Found, show: Formatter) -> str:
    """An interval's limits: `1.95 to 13.29`; a limit that is not finite is said to be absent."""
    if low.value is None and high.value is None:
        return ""
    left = show(low.value) if low.value is not None else "no lower limit"
    right = show(high.value) if high.value is not None else "no upper limit"
    return f"{left} to {right}"


def with_limits(estimate: Found, low: Found, high: Found, show: Formatter) -> str:
    """An estimate and its interval: `4.74 (1.95 to 13.29)`."""
    interval = limits(low, high, show)
    if estimate.value is None:
        return interval and f"{DASH} ({interval})"
    return f"{show(estimate.value)} ({interval})" if interval else show(estimate.value)


def x_of_n(x: Found, n: Found) -> str:
    """Responders of patients: `49/134`."""
    return "" if x.value is None or n.value is None else f"{count(x.value)}/{count(n.value)}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Items as prose: `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def number_word(number: int) -> str:
    """Small numbers in words."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[number] if 0 <= number < len(words) else count(number)


def plural(number: float, noun: str) -> str:
    """A number with its noun: `1 visit`, `6 visits`."""
    ending = "" if number == 1 else "s"
    return f"{count(number)} {noun}{ending}"


def capital(text: str) -> str:
    """The first letter as a capital, the rest as it stands; a symbol (`x: ...`, `p-values`) is left alone."""
    word = re.match(r"[^\W\d_]*", text)
    return text[:1].upper() + text[1:] if word and len(word.group()) > 1 else text


def in_names(text: str) -> str:
    """Words stored in capitals as names; codes and what is written otherwise stand as they are.

    Examples
    --------
    >>> in_names("BLACK OR AFRICAN AMERICAN"), in_names("F"), in_names("Asian"), in_names("IGA 3")
    ('Black or African American', 'F', 'Asian', 'IGA 3')
    """
    if len(text) < 4 or not text.isupper() or any(c.isdigit() for c in text):
        return text
    return " ".join(word.lower() if word in ("OR", "AND", "OF") else word.title() for word in text.split())


def slug(text: str) -> str:
    """A text as an anchor."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def nice_ceiling(value: float, step: float) -> float:
    """The next multiple of a step, for the end of an axis."""
    return step * math.ceil(value / step - 1e-9)
