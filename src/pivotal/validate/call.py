"""Read the calls of other programs, as far as cases have them."""

from __future__ import annotations

import re


def formula_of(call: str, function: str) -> str | None:
    """The formula that a function is called with; None where the function is not called with one.

    Parameters
    ----------
    call
        ``coeftest(lm(y ~ arm + base, data = d), vcov = vcovHC)``
    function
        The function's name, ``lm``.

    Examples
    --------
    >>> formula_of("summary(glm.nb(n ~ arm + offset(log(years)), data = d))", "glm.nb")
    'n ~ arm + offset(log(years))'
    >>> formula_of("glm(y ~ x)", "lm") is None
    True
    """
    for found in re.finditer(rf"(?<![\w.]){re.escape(function)}\(", call):
        argument = _first_argument(call[found.end() :])
        if "~" in argument:
            return argument
    return None


def _first_argument(text: str) -> str:
    """Up to the comma or the bracket that ends it."""
    depth = 0
    for place, sign in enumerate(text):
        if depth == 0 and sign in ",)":
            return text[:place].strip()
        depth += (sign == "(") - (sign == ")")
    return text.strip()
