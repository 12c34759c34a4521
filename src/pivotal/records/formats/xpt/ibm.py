"""The floating-point numbers of transport files: IBM's, base 16, and their missing values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRACTION = np.uint64((1 << 56) - 1)
SIGN = np.uint64(1 << 63)
BIAS = 64
LARGEST = float((1 << 53) - 1) * 2.0 ** (252 - 53)
"""The largest double that fits: 7.2e75."""
SMALLEST = 2.0**-260
"""The smallest positive number that fits without loss: 16 ** -65 = 5.4e-79."""

PLAIN = ord(".")
SPECIAL = np.array([ord("_"), *range(ord("A"), ord("Z") + 1)], dtype=np.uint64)
"""First bytes of the special missing values; the rest of such a number is zero."""


def decoded(raw: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Numbers from their eight bytes.

    Parameters
    ----------
    raw
        The bytes as unsigned integers, shape (n,).

    Returns
    -------
    values
        The numbers; NaN where missing. A fraction of more than 53 bits, which only a mainframe writes, is rounded.
    missing
        Zero, or the character that says why a number is missing: ``.``, ``_``, ``A`` to ``Z``.
    """
    fraction, first = raw & FRACTION, raw >> np.uint64(56)
    why = (fraction == 0) & ((first == PLAIN) | np.isin(first, SPECIAL))
    exponent = (first & np.uint64(127)).astype(np.int32)
    values = np.ldexp(fraction.astype(np.float64), 4 * (exponent - BIAS) - 56)
    values = np.where(raw & SIGN, -values, values)
    return np.where(why, np.nan, values), np.where(why, first, 0).astype(np.uint8)


def encoded(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The eight bytes of numbers as unsigned integers; exact for zero and every magnitude from `SMALLEST` to `LARGEST`.

    Parameters
    ----------
    values
        Numbers that fit (`fits`), shape (n,); NaN becomes the plain missing value.
    """
    missing = np.isnan(values)
    mantissa, power = np.frexp(np.where(missing, 0.0, np.abs(values)))
    hexadecimal = -(-power // 4)  # of the base 16, rounded up: the fraction then lies in [1/16, 1)
    fraction = np.ldexp(mantissa, 56 - (4 * hexadecimal - power)).astype(np.uint64)
    raw = fraction | ((hexadecimal + BIAS).astype(np.uint64) << np.uint64(56))
    raw = np.where(values < 0, raw | SIGN, raw)
    raw = np.where(fraction == 0, np.uint64(0), raw)
    return np.where(missing, np.uint64(PLAIN << 56), raw)


def fits(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers a transport file holds exactly; NaN counts as missing, which fits."""
    size = np.abs(values)
    within: NDArray[np.bool_] = np.isnan(values) | (size == 0) | ((size >= SMALLEST) & (size <= LARGEST))
    return within
