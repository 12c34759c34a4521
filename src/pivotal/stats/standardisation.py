"""Marginal risks of two arms from a logistic regression (g-computation), and the contrasts of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.logistic import LogisticFit, fit_logistic
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.tables import Mask, divide, first_reason

RiskVariance = Literal["model", "sandwich", "superpopulation"]
VARIANCES = ("model", "sandwich", "superpopulation")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalRisks:
    """Two arms' risks, had every patient been in each; arrays (replicate,).

    Attributes
    ----------
    active, control
        The risks, each with standard error and limits.
    difference
        Active minus control.
    ratio, odds_ratio
        Estimates and limits on their own scale; `se` of the LOGARITHM, which the limits and the test are made from.
    covariance
        Of the two risks, active first, (replicate, 2, 2).
    """

    active: Estimate
    control: Estimate
    difference: Estimate
    ratio: Estimate
    odds_ratio: Estimate
    covariance: Floats


def marginal_risks(
    events: ArrayLike,
    totals: ArrayLike,
    design: ArrayLike,
    active: ArrayLike,
    control: ArrayLike,
    level: float = 0.95,
    *,
    variance: RiskVariance = "model",
) -> MarginalRisks:
    """Estimate two arms' marginal risks and their contrasts by standardising a logistic regression.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`: cells of patients alike, or patients one by one (totals 1, or 0 where the outcome is
        missing).
    active, control
        The design with every cell in the active arm, and in the control arm; the shape of `design`. Cells whose row is
        the same in `design` are those of the arm.
    level
        Confidence level.
    variance
        "model": delta method from the inverse information; "sandwich": from the HC0 sandwich of the coefficients.
        Both take the covariates as fixed. "superpopulation": of patients sampled with their covariates, whether or not
        the model is right.

    Returns
    -------
    MarginalRisks
        NaN, with the reason, where a coefficient that the risks need is not finite or not determined, or where
        ("superpopulation") an arm has fewer than two patients.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `variance` is none of the three.

    Notes
    -----
    The risk is the mean over all patients, of all arms, of the probability fitted to each had he been in the arm.
    "model": Ge, Durham, Meyer, Xie and Thomas (2011), doi:10.1177/009286151104500409, and SAS `%Margins`; R
    `beeca(method = "Ge")`. "superpopulation": Ye, Bannick, Yi and Shao (2023), doi:10.1080/24754269.2023.2205802, as R
    `RobinCar` and `beeca(method = "Ye")`: V11 = Var1(Y - m1)/π1 + 2 Cov1(Y, m1) - Var(m1), V10 = Cov1(Y, m0) +
    Cov0(Y, m1) - Cov(m1, m0), over N; variances within an arm divide by its patients less one. It holds for simple
    randomisation and is conservative for stratified randomisation where the model lacks strata.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> treated, untreated = ([[1, arm, s] for _, _, s in design] for arm in (1, 0))
    >>> risks = marginal_risks([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, treated, untreated)
    >>> float(risks.difference.estimate[0].round(6)), float(risks.difference.se[0].round(6))
    (0.205152, 0.06327)
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance is {variance!r}; {', '.join(map(repr, VARIANCES))} are allowed. Change variance.")
    cells = _Cells.of(events, totals, design, active, control)
    fit = fit_logistic(cells.events, cells.totals, design)
    risks, usable = cells.risks(fit)
    covariance = {
        "model": lambda: cells.delta(fit.covariance, risks),
        "sandwich": lambda: cells.delta(cells.sandwich(fit), risks),
        "superpopulation": lambda: cells.superpopulation(risks),
    }[variance]()
    covariance = np.where(usable[:, None, None], covariance, np.nan)
    return _contrasts(cells.means(risks), covariance, _reasons(fit, usable, covariance), fit.converged, level)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Counts (replicate, cell), and the designs (replicate or 1, cell, column)."""

    events: Floats
    totals: Floats
    design: Floats
    active: Floats
    control: Floats

    @classmethod
    def of(
        cls, events: ArrayLike, totals: ArrayLike, design: ArrayLike, active: ArrayLike, control: ArrayLike
    ) -> _Cells:
        x, n = np.asarray(events, dtype=np.float64), np.asarray(totals, dtype=np.float64)
        designs = [np.asarray(each, dtype=np.float64) for each in (design, active, control)]
        return cls(np.where(n > 0, x, 0.0), n, *(each if each.ndim == 3 else each[None] for each in designs))

    def risks(self, fit: LogisticFit) -> tuple[Floats, Mask]:
        """Fitted probability of every cell in the active and the control arm, (replicate, 2, cell)."""
        # a column that no cell needs in either arm may be undetermined
        needed = (self.active != 0).any(axis=1) | (self.control != 0).any(axis=1)
        usable = np.asarray((np.isfinite(fit.coefficients) | ~needed).all(axis=1) & fit.converged, dtype=np.bool_)
        coefficients = np.where(np.isfinite(fit.coefficients), fit.coefficients, 0.0)
        both = [special.expit(np.einsum("rcp,rp->rc", each, coefficients)) for each in self._both(len(coefficients))]
        found = np.stack(both, axis=1)
        return np.where(usable[:, None, None], found, np.nan), usable

    def _both(self, replicates: int) -> list[Floats]:
        return [np.broadcast_to(each, (replicates, *each.shape[1:])) for each in (self.active, self.control)]

    @property
    def patients(self) -> Floats:
        """Patients with an outcome, (replicate,)."""
        return np.asarray(self.totals.sum(axis=1), dtype=np.float64)

    def means(self, risks: Floats) -> Floats:
        """(replicate, 2)."""
        return divide((risks * self.totals[:, None]).sum(axis=2), self.patients[:, None])

    def delta(self, covariance: Floats, risks: Floats) -> Floats:
        """Covariance of the mean risks from that of the coefficients."""
        weight = divide(self.totals[:, None] * risks * (1 - risks), self.patients[:, None, None])
        both = self._both(len(risks))
        slope = np.stack([np.einsum("rc,rcp->rp", weight[:, a], both[a]) for a in (0, 1)], axis=1)
        return np.asarray(slope @ np.nan_to_num(covariance) @ np.swapaxes(slope, 1, 2), dtype=np.float64)

    def sandwich(self, fit: LogisticFit) -> Floats:
        """HC0 covariance of the coefficients."""
        coefficients = np.where(np.isfinite(fit.coefficients), fit.coefficients, 0.0)
        design = np.broadcast_to(self.design, (len(coefficients), *self.design.shape[1:]))
        p = special.expit(np.einsum("rcp,rp->rc", design, coefficients))
        meat = self.events * (1 - p) ** 2 + (self.totals - self.events) * p**2
        bread = np.nan_to_num(fit.covariance)
        return np.asarray(bread @ (np.swapaxes(design * meat[..., None], 1, 2) @ design) @ bread, dtype=np.float64)

    def superpopulation(self, risks: Floats) -> Floats:
        """Ye et al. (2023)."""
        patients, found = self.patients, np.empty((len(risks), 2, 2))
        arms = [(self.design == each).all(axis=2) for each in (self.active, self.control)]
        own = [_Arm(np.where(arm, self.events, 0.0), np.where(arm, self.totals, 0.0)) for arm in arms]
        for a in (0, 1):
            share = divide(own[a].totals.sum(axis=1), patients)
            apart = divide(own[a].residual_variance(risks[:, a]), share)
            within = own[a].covariance(risks[:, a])
            found[:, a, a] = apart + 2 * within - _covariance(self.totals, risks[:, a], risks[:, a])
        across = own[0].covariance(risks[:, 1]) + own[1].covariance(risks[:, 0])
        found[:, 0, 1] = found[:, 1, 0] = across - _covariance(self.totals, risks[:, 0], risks[:, 1])
        return divide(found, patients[:, None, None])


@dataclass(frozen=True, slots=True)
class _Arm:
    """Counts of one arm, (replicate, cell), 0 in the other arms' cells."""

    events: Floats
    totals: Floats

    def residual_variance(self, risk: Floats) -> Floats:
        """Variance of outcome minus risk."""
        size = self.totals.sum(axis=1)
        square = self.events * (1 - risk) ** 2 + (self.totals - self.events) * risk**2
        mean = divide((self.events - self.totals * risk).sum(axis=1), size)
        return divide(square.sum(axis=1) - size * mean**2, np.maximum(size - 1, 0))

    def covariance(self, risk: Floats) -> Floats:
        """Covariance of outcome and risk."""
        size, events = self.totals.sum(axis=1), self.events.sum(axis=1)
        product = (self.events * risk).sum(axis=1) - divide(events * (self.totals * risk).sum(axis=1), size)
        return divide(product, np.maximum(size - 1, 0))


def _covariance(totals: Floats, a: Floats, b: Floats) -> Floats:
    """Of two risks over all patients."""
    size = totals.sum(axis=1)
    product = (totals * a * b).sum(axis=1) - divide((totals * a).sum(axis=1) * (totals * b).sum(axis=1), size)
    return divide(product, np.maximum(size - 1, 0))


def _reasons(fit: LogisticFit, usable: Mask, covariance: Floats) -> Reasons:
    empty = usable & np.isnan(covariance).any(axis=(1, 2))
    own = np.where(usable, np.uint8(Reason.NONE), np.where(fit.reason > 0, fit.reason, np.uint8(Reason.ALIASED)))
    return np.where(empty, np.uint8(Reason.TOO_FEW), own).astype(np.uint8)


def _contrasts(means: Floats, v: Floats, reason: Reasons, converged: Mask, level: float) -> MarginalRisks:
    m1, m0 = means[:, 0], means[:, 1]
    # below zero by rounding only
    s1, s0 = (np.sqrt(np.maximum(v[:, a, a], 0.0)) for a in (0, 1))
    cross = v[:, 0, 1]
    o1, o0 = m1 * (1 - m1), m0 * (1 - m0)

    def spread(a: Floats, b: Floats) -> Floats:
        """Standard error of risks over `a` minus risks over `b`."""
        square = divide(v[:, 0, 0], a**2) + divide(v[:, 1, 1], b**2) - 2 * divide(cross, a * b)
        return np.sqrt(np.maximum(square, 0.0))

    one = np.ones(m1.shape)
    odds = divide(m1 * (1 - m0), m0 * (1 - m1))
    z = two_sided_quantile(level)
    return MarginalRisks(
        active=_linear(m1, s1, z, reason, converged, tested=False),
        control=_linear(m0, s0, z, reason, converged, tested=False),
        difference=_linear(m1 - m0, spread(one, one), z, reason, converged, tested=True),
        ratio=_exponential(divide(m1, m0), spread(m1, m0), z, reason, converged),
        odds_ratio=_exponential(odds, spread(o1, o0), z, reason, converged),
        covariance=v,
    )


def _linear(value: Floats, se: Floats, z: float, reason: Reasons, converged: Mask, *, tested: bool) -> Estimate:
    statistic = divide(value, se) if tested else None
    return Estimate(
        estimate=value,
        se=se,
        ci_low=value - z * se,
        ci_high=value + z * se,
        statistic=statistic,
        p=None if statistic is None else two_sided_p(statistic),
        reason=_no_variance(reason, se),
        converged=converged,
    )


def _exponential(value: Floats, se: Floats, z: float, reason: Reasons, converged: Mask) -> Estimate:
    log = np.log(np.where(value > 0, value, np.nan))
    statistic = divide(log, se)
    return Estimate(
        estimate=value,
        se=se,
        ci_low=np.exp(log - z * se),
        ci_high=np.exp(log + z * se),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=_no_variance(reason, se),
        converged=converged,
    )


def _no_variance(reason: Reasons, se: Floats) -> Reasons:
    return first_reason(*((reason == code, code) for code in Reason if code), (se == 0, Reason.ZERO_VARIANCE))
