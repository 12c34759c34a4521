"""Pointwise confidence limits of a survival probability, on five scales."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.normal import two_sided_quantile

CONF_TYPES = ("log-log", "log", "plain", "logit", "arcsine")


def limits(survival: Floats, hazard_variance: Floats, conf_type: str, level: float) -> tuple[Floats, Floats]:
    """Lower and upper limit of S(t), cut to [0, 1].

    Where S(t) is 1 both are 1; where it is 0 or NaN both are NaN.

    Parameters
    ----------
    survival
        S(t), any shape.
    hazard_variance
        Greenwood's sum, the variance of log S(t).
    conf_type
        The scale on which S(t) is taken as normal, one of `CONF_TYPES`.
    level
        Confidence level.

    Raises
    ------
    ValueError
        If `conf_type` or `level` is not known.
    """
    if conf_type not in CONF_TYPES:
        raise ValueError(f"conf_type is {conf_type!r}; it is one of {', '.join(CONF_TYPES)}.")
    z = two_sided_quantile(level)
    inner = (survival > 0) & (survival < 1)
    s = np.where(inner, survival, 0.5)
    spread = np.sqrt(np.where(inner, hazard_variance, 0.0))
    low, high = _SCALES[conf_type](s, z * spread)
    edge = np.where(survival == 1, 1.0, np.nan)
    return np.where(inner, np.maximum(low, 0.0), edge), np.where(inner, np.minimum(high, 1.0), edge)


# Each takes S and z times the standard error of log S.


def _plain(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    return s - s * half, s + s * half


def _log(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    return s * np.exp(-half), s * np.exp(half)


def _log_log(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    hazard = -np.log(s)
    factor = np.exp(np.minimum(half / hazard, 700.0))
    return np.exp(-hazard * factor), np.exp(-hazard / factor)


def _logit(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    odds, factor = s / (1 - s), np.exp(np.minimum(half / (1 - s), 700.0))
    return odds / (odds + factor), odds / (odds + 1 / factor)


def _arcsine(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    angle, width = np.arcsin(np.sqrt(s)), 0.5 * half * np.sqrt(s / (1 - s))
    return np.sin(np.maximum(angle - width, 0.0)) ** 2, np.sin(np.minimum(angle + width, np.pi / 2)) ** 2


_SCALES = {"plain": _plain, "log": _log, "log-log": _log_log, "logit": _logit, "arcsine": _arcsine}
