"""LogRankWeights of the log-rank family: how much each event time counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.ordering import Moments, Ordered

NAMES = ("log-rank", "gehan", "tarone-ware", "peto", "modified peto", "fleming-harrington")


@dataclass(frozen=True, slots=True)
class LogRankWeights:
    """A weight function w(t) of a log-rank test.

    Attributes
    ----------
    name
        ``log-rank``: 1. ``gehan`` (Gehan-Breslow, generalised Wilcoxon; SAS's WILCOXON): n(t), the number at risk.
        ``tarone-ware``: the root of n(t). ``peto``: S~(t), the product of 1 - d/(n + 1) up to and with t.
        ``modified peto`` (Andersen): S~(t) n/(n + 1). ``fleming-harrington``: S(t-)^rho (1 - S(t-))^gamma, with the
        Kaplan-Meier curve of all arms just before t; R's ``survdiff(rho)`` has gamma 0.
    rho, gamma
        Of ``fleming-harrington``.
    """

    name: str = "log-rank"
    rho: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"the weight is {self.name!r}; it is one of {', '.join(NAMES)}.")
        if self.rho < 0 or self.gamma < 0:
            raise ValueError(f"rho is {self.rho} and gamma {self.gamma}; both are 0 or more.")
        if (self.rho or self.gamma) and self.name != "fleming-harrington":
            raise ValueError(f"rho and gamma belong to fleming-harrington, not to {self.name}.")

    @classmethod
    def of(cls, given: LogRankWeights | str | tuple[float, float]) -> LogRankWeights:
        """From a name, or from (rho, gamma)."""
        if isinstance(given, LogRankWeights):
            return given
        return cls(given) if isinstance(given, str) else cls("fleming-harrington", *given)

    def at(self, ordered: Ordered) -> Floats:
        """The weight at every moment."""
        moments = ordered.moments
        n, d = moments.at_risk, moments.events
        if self.name == "log-rank":
            return np.ones(len(n))
        if self.name == "gehan":
            return n
        if self.name == "tarone-ware":
            return np.asarray(np.sqrt(n), dtype=np.float64)
        if self.name == "fleming-harrington":
            s = _product(ordered, moments, 1 - d / n, before=True)
            return np.asarray(s**self.rho * (1 - s) ** self.gamma, dtype=np.float64)
        peto = _product(ordered, moments, 1 - d / (n + 1), before=False)
        return peto if self.name == "peto" else peto * n / (n + 1)


def _product(ordered: Ordered, moments: Moments, factor: Floats, before: bool) -> Floats:
    """Product of the factors of the earlier moments, and of the moment's own unless `before`."""
    laid = np.ones((len(ordered.place), ordered.width + 1))
    row, column = np.divmod(moments.end, ordered.width)
    laid[row, column] = factor
    earlier = np.cumprod(laid[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(earlier[row, column + 1 if before else column], dtype=np.float64)
