r"""Constants of the latent course model, so that every rate of a scenario is met.

Symbols, for one arm and visit: :math:`\pi` the intention-to-treat rate, :math:`z` the threshold of leaving and
:math:`r` the correlation of the propensity to stay with the course; :math:`c` a value of the course :math:`C`,
standard normal. Given :math:`c` the latents and the propensity are independent, so with :math:`\lambda` the score's
loading

.. math::
   P(L > x, Z > z) &= \int \phi(c)\; q_x(c)\; s(c)\,dc, \\
   q_x(c) &= \Phi\Big(\frac{\lambda c - x}{\sqrt{1 - \lambda^2}}\Big), \quad
   s(c) = \Phi\Big(\frac{r c - z}{\sqrt{1 - r^2}}\Big)

by Gauss-Hermite quadrature. Each equation below has one unknown and is monotone (Brent).

* IGA, grade g or better where :math:`L > \tau_{b,g}` from baseline b. With g*(b) the worst grade that is treatment
  success, :math:`\tau_{b,g*(b)} = \tau` for every b (no effect of the stratum): :math:`P(L > \tau, Z > z) = \pi`.
  Neighbouring thresholds are `iga_gap` apart, those on either side of the baseline grade `iga_unchanged`; where the
  rate of a further endpoint among completers is posted, the gap above g* is solved for it.
* Itch improves by round(m + s L): a response of k points is :math:`L \ge (k - 1/2 - m)/s`.
* EASI: the remaining share is :math:`R = e^{-(\mu + \sigma L)}` (damped above 1, which no response reaches); a
  patient responds where IGA is 0 or :math:`\mu + \sigma L \ge K`, with K the healing that the patient needs
  (`people.healing_needed`), whose distribution within each baseline grade is kept as quantiles.

At visits of which the scenario says nothing the constants are interpolated between those known, in the square root of
time; at baseline nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError

Floats = NDArray[np.float64]
NODES = 64
FAR = 9.0
"""Beyond every latent."""


@dataclass(frozen=True)
class Stage:
    """One arm at one visit, as calibration sees it.

    Attributes
    ----------
    nodes, mass
        Quadrature of the course.
    stay
        :math:`s(c)` times the mass at each node.
    """

    nodes: Floats
    mass: Floats
    stay: Floats

    @property
    def staying(self) -> float:
        """Share of the arm that is still in the trial."""
        return float(self.stay.sum())


def stage(correlation: float, leave_below: float) -> Stage:
    """The stage of an arm and visit, from r and z."""
    from scipy.special import ndtr

    x, w = np.polynomial.hermite_e.hermegauss(NODES)
    mass = w / w.sum()
    stay = ndtr((correlation * x - leave_below) / np.sqrt(1 - correlation**2))
    return Stage(x, mass, mass * stay)


def above(stage: Stage, loading: float, threshold: float | Floats) -> Floats:
    """:math:`q_x(c)`: probability at each node that a latent exceeds its threshold (a column for each threshold)."""
    from scipy.special import ndtr

    x = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    return np.asarray(ndtr((loading * stage.nodes[:, None] - x) / np.sqrt(1 - loading**2)))


def responders(stage: Stage, loading: float, threshold: float) -> float:
    """P(L > x, Z > z)."""
    return float(stage.stay @ above(stage, loading, threshold)[:, 0])


def threshold_for(stage: Stage, loading: float, rate: float) -> float:
    """The threshold x with P(L > x, Z > z) = rate."""
    return solve(lambda x: responders(stage, loading, x) - rate, -FAR, FAR)


def solve(function: Callable[[float], float], low: float, high: float) -> float:
    """The root of a monotone function, or the end of the range that comes nearest to it."""
    from scipy.optimize import brentq

    at_low, at_high = function(low), function(high)
    if at_low * at_high > 0:
        return low if abs(at_low) < abs(at_high) else high
    return float(brentq(function, low, high, xtol=1e-7))


def quantiles(values: Floats, count: int = 256) -> Floats:
    """Middle of each of `count` parts of equal probability."""
    ordered = np.sort(values)
    return ordered[((np.arange(count) + 0.5) / count * len(ordered)).astype(np.int64)]


@dataclass(frozen=True)
class SkinResponse:
    r"""What the response of EASI depends on besides its own latent.

    Attributes
    ----------
    shares
        Of each grade of IGA at baseline.
    healing
        Quantiles of the healing needed within each grade.
    clear
        Thresholds of IGA 0 from each grade.
    loading_iga, loading_easi, spread
        Loadings of the two latents, and :math:`\sigma`.
    """

    shares: tuple[float, ...]
    healing: tuple[Floats, ...]
    clear: tuple[float, ...]
    loading_iga: float
    loading_easi: float
    spread: float

    def rate(self, stage: Stage, mu: float) -> float:
        """Share of the arm that responds and is still in the trial."""
        found = 0.0
        for share, needed, clear in zip(self.shares, self.healing, self.clear, strict=True):
            finite = needed[np.isfinite(needed)]
            by_healing = above(stage, self.loading_easi, (finite - mu) / self.spread).sum(axis=1) / len(needed)
            cleared = above(stage, self.loading_iga, clear)[:, 0]
            found += share * float(stage.stay @ (1 - (1 - cleared) * (1 - by_healing)))
        return found

    def mu_for(self, stage: Stage, rate: float, what: str) -> float:
        r"""The :math:`\mu` that gives a rate."""
        low, high = -20.0, 30.0
        least, most = self.rate(stage, low), self.rate(stage, high)
        if not least - 1e-9 <= rate <= most + 1e-9:
            raise UsageError(
                f"{what} is to be {100 * rate:.3g} %, but with the rates of IGA it lies between {100 * least:.3g} and "
                f"{100 * most:.3g} %: whoever is clear by IGA is clear by EASI. Change one of the two rates."
            )
        return solve(lambda mu: self.rate(stage, mu) - rate, low, high)
