"""Rounding for print as SAS does it: half away from zero, on the number as written in decimal."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SIGNIFICANT = 14
"""Digits of a double that count: what is 0.5 but for its last bits rounds as 0.5 (SAS fuzzes alike).

Of the numbers that SAS printed in tables 14-6.01 to 14-7.03 of the CDISC pilot, 14 and 15 digits give every one. With
13 a median change of -0.44999999999998863 would print as -0.5 where SAS has -0.4; with 16 a mean of 6.45 but for its
last bit as 6.4 where SAS has 6.5.
"""


def printed(value: float, decimals: int) -> str:
    """A number with a fixed count of decimals, as SAS's w.d format prints it.

    Parameters
    ----------
    value
        A finite number.
    decimals
        Digits after the point.

    Returns
    -------
    str
        With a hyphen for a minus: ``-0.5``. A number that rounds to nothing keeps its sign, as SAS's does: ``-0.0``.

    Examples
    --------
    >>> printed(2.675, 2), printed(0.125, 2), printed(-0.04, 1)
    ('2.68', '0.13', '-0.0')
    """
    exact = Decimal(f"{value:.{SIGNIFICANT}g}")
    return f"{exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):f}"
