"""Numbers as tables of a clinical study report print them."""

from __future__ import annotations

from pivotal.report.rounding import printed

NOTHING = "–"


def number(value: float | None, decimals: int) -> str:
    """A number, or a dash."""
    return NOTHING if value is None else printed(value, decimals)


def p_printed(value: float | None, decimals: int = 4) -> str:
    """A p-value as SAS prints it: ``0.0133``, ``<.0001``.

    Examples
    --------
    >>> p_printed(0.01325), p_printed(0.00004), p_printed(0.9996, 3)
    ('0.0133', '<.0001', '1.000')
    """
    if value is None:
        return NOTHING
    least = 10**-decimals
    return f"<{printed(least, decimals)[1:]}" if value < least else printed(value, decimals)


def p_said(value: float | None) -> str:
    """A p-value in a sentence.

    Examples
    --------
    >>> p_said(0.01325), p_said(0.00004)
    ('p = 0.0133', 'p <.0001')
    """
    printed_p = p_printed(value)
    return f"p {printed_p}" if printed_p.startswith("<") else f"p = {printed_p}"


def share(n: float | None, rate: float | None, *, rare: bool = False) -> str:
    """A count with its share: ``91 (36%)``; `rare`: nobody has no share, and one that rounds to 0 is ``<1%``.

    Examples
    --------
    >>> share(1, 1 / 254), share(1, 1 / 254, rare=True), share(0, 0.0, rare=True)
    ('1 (0%)', '1 (<1%)', '0')
    """
    if n is None:
        return NOTHING
    if rate is None or (rare and n == 0):
        return f"{n:.0f}"
    percent = printed(100 * rate, 0)
    return f"{n:.0f} ({'<1' if rare and percent == '0' else percent}%)"
